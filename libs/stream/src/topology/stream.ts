import * as aggregates from '../aggregates/aggregates';
import type { Aggregate, AnyAggregate } from '../aggregates/aggregate';
import type { OperatorContext } from '../engine/operator';
import { filterStep, flatMapStep, keyStep, mapStep, type RecordContext } from '../operators/chain';
import { detector, type Detection, type Pattern } from '../operators/detect';
import { LookupJoinOperator, type LookupJoinOptions } from '../operators/lookup-join';
import { BranchOperator, MergeOperator } from '../operators/merge';
import type { Processor } from '../operators/process';
import { StreamJoinOperator } from '../operators/stream-join';
import { TableAggregateOperator, TableOperator, type JoinKind } from '../operators/table';
import type { Outlet, TopicOf } from './graph';
import type { GraphBuilder, Named } from './graph-builder';
import { checkPartitions, untyped, type AnyJoin, type JoinWindow, type Key, type Place } from './place';
import { processOn } from './process-on';
import type { GlobalTable, Table } from './table';
import type { WindowedStream } from './windowed-stream';
import { checkedOption, type Window } from './windows';

/** Records on their way, each with a key, a value and an event time. */
export class Stream<K, V> {
  constructor(readonly place: Place) {}

  filter<W extends V>(keep: (value: V, context: RecordContext<K>) => value is W, options?: Named): Stream<K, W>;
  filter(keep: (value: V, context: RecordContext<K>) => boolean, options?: Named): Stream<K, V>;
  filter(keep: (value: V, context: RecordContext<K>) => boolean, options: Named = {}): Stream<K, V> {
    return this.#chain('filter', { ...options, step: filterStep(untyped(keep)) });
  }

  map<W>(change: (value: V, context: RecordContext<K>) => W, options: Named = {}): Stream<K, W> {
    return this.#chain('map', { ...options, step: mapStep(untyped(change)) });
  }

  flatMap<W>(spread: (value: V, context: RecordContext<K>) => Iterable<W>, options: Named = {}): Stream<K, W> {
    return this.#chain('flatMap', { ...options, step: flatMapStep(untyped(spread)) });
  }

  /** A record whose key is missing, null or NaN goes to the dead letters (`NL-STR-004`). */
  keyBy<L extends Key>(keyOf: (value: V, context: RecordContext<K>) => L, options: Named = {}): Stream<L, V> {
    const { graph, outlet } = this.#chain<K, V>('keyBy', { ...options, step: keyStep(untyped(keyOf)) }).place;
    return this.place.make.stream({ ...this.place, graph, outlet, partitions: undefined });
  }

  /** Each record goes to the first branch that wants it; `rest` has what nobody wanted. */
  branch<Name extends string>(
    wants: Readonly<Record<Name, (value: V) => boolean>>,
    options: Named = {},
  ): Readonly<Record<Name | 'rest', Stream<K, V>>> {
    const tests: ((value: unknown) => boolean)[] = Object.values(
      untyped<Record<string, (value: unknown) => boolean>>(wants),
    );
    const node = this.place.graph.operator({
      kind: 'branch',
      ...options,
      inputs: [this.place.outlet],
      create: () => (context) => new BranchOperator(context, tests),
    });
    const names = [...Object.keys(wants), 'rest'];
    const streams = names.map((name, output) => [name, this.at<K, V>({ node, output })] as const);
    return untyped(Object.fromEntries(streams));
  }

  merge<W>(other: Stream<K, W>, options: Named = {}): Stream<K, V | W> {
    return this.#operator('merge', {
      ...options,
      inputs: [this.place.outlet, other.place.outlet],
      create: () => (context) => new MergeOperator(context),
    });
  }

  /** Groups the records of each key by time. */
  window(of: Window, options: { readonly results?: 'final' | 'early' } = {}): WindowedStream<K, V> {
    return this.place.make.windowed(this.place, of, options.results ?? 'final');
  }

  aggregate<Acc extends object, R>(aggregate: Aggregate<V, Acc, R>, options: Named = {}): Table<K, R> {
    const create = (name: string) => (context: OperatorContext) =>
      new TableAggregateOperator(context, untyped<AnyAggregate>(aggregate), name);
    const node = this.place.graph.operator({ kind: 'aggregate', ...options, inputs: [this.place.outlet], create });
    return this.place.make.table({ ...this.place, outlet: { node, output: 0 } });
  }

  count(options: Named = {}): Table<K, number> {
    return this.aggregate(aggregates.count(), options);
  }

  sum(of: (value: V) => number, options: Named = {}): Table<K, number> {
    return this.aggregate(aggregates.sum(of), options);
  }

  reduce(combine: (a: V, b: V) => V, options: Named = {}): Table<K, V> {
    return this.aggregate(aggregates.reduce(combine), options);
  }

  /** Pairs with one key whose times are near. Late ones are counted under the operator's name. */
  join<W, R>(other: Stream<K, W>, join: (left: V, right: W) => R, near: JoinWindow): Stream<K, R> {
    return this.#joinStream(other, untyped(join), { ...near, kind: 'inner' });
  }

  /** As {@link join}; a left record without a partner is given alone once none can come. */
  leftJoin<W, R>(other: Stream<K, W>, join: (left: V, right: W | undefined) => R, near: JoinWindow): Stream<K, R> {
    return this.#joinStream(other, untyped(join), { ...near, kind: 'left' });
  }

  /** As {@link leftJoin}, for both sides. */
  outerJoin<W, R>(
    other: Stream<K, W>,
    join: (left: V | undefined, right: W | undefined) => R,
    near: JoinWindow,
  ): Stream<K, R> {
    return this.#joinStream(other, untyped(join), { ...near, kind: 'outer' });
  }

  /** With the row of its key, as it was at the record's event time. */
  joinTable<W, R>(table: Table<K, W>, join: (value: V, row: W) => R, options: Named = {}): Stream<K, R> {
    checkPartitions(this.place, table.place);
    return this.#lookUp(table, { kind: 'inner', join: untyped<AnyJoin>(join) }, options);
  }

  leftJoinTable<W, R>(
    table: Table<K, W>,
    join: (value: V, row: W | undefined) => R,
    options: Named = {},
  ): Stream<K, R> {
    checkPartitions(this.place, table.place);
    return this.#lookUp(table, { kind: 'left', join: untyped<AnyJoin>(join) }, options);
  }

  /** With a row of any key: every instance has the whole table. */
  joinGlobal<L, W, R>(
    table: GlobalTable<L, W>,
    keyOf: (value: V) => L,
    join: (value: V, row: W | undefined) => R,
  ): Stream<K, R> {
    return this.#lookUp(table, { kind: 'left', keyOf: untyped(keyOf), join: untyped<AnyJoin>(join) }, {});
  }

  /** State and timers by hand. */
  process<State, Out>(processor: Processor<K, V, State, Out>, options: Named = {}): LateStream<K, Out, V> {
    return processOn(this.place, processor, { kind: 'process', ...options });
  }

  /** Sequences of records of one key, in the order of their times: this, then that, so many times, and not the other. */
  detect<Step extends string>(pattern: Pattern<V, Step>, options: Named = {}): LateStream<K, Detection<V, Step>, V> {
    return processOn(this.place, detector<K, V, Step>(pattern), { kind: 'detect', ...options });
  }

  /** Writes to a topic whose schema fits. */
  to<W>(this: Stream<K, NoInfer<W>>, topic: TopicOf<W>): void {
    const name = this.place.graph.nameOf(`to ${topic.name}`, undefined);
    this.place.graph.add({ type: 'sink', kind: 'to', name, inputs: [this.place.outlet], topic });
  }

  /** The last value of each key; `null` takes it away. With a name it can be asked for rows. */
  toTable(options: Named = {}): Table<K, NonNullable<V>> {
    const { name } = options;
    if (name === undefined) return this.place.make.table(this.place);
    const create = () => (context: OperatorContext) => new TableOperator(context, name);
    const node = this.place.graph.operator({ kind: 'toTable', name, inputs: [this.place.outlet], create });
    return this.place.make.table({ ...this.place, outlet: { node, output: 0 } });
  }

  private at<L, W>(outlet: Outlet): Stream<L, W> {
    return this.place.make.stream({ ...this.place, outlet });
  }

  #chain<L, W>(kind: string, options: Parameters<GraphBuilder['chain']>[2]): Stream<L, W> {
    return this.at(this.place.graph.chain(kind, this.place.outlet, options));
  }

  #operator<W>(kind: string, options: Omit<Parameters<GraphBuilder['operator']>[0], 'kind'>): Stream<K, W> {
    return this.at({ node: this.place.graph.operator({ ...options, kind }), output: 0 });
  }

  #lookUp<L, W, R>(table: Table<L, W> | GlobalTable<L, W>, lookUp: LookupJoinOptions, options: Named): Stream<K, R> {
    return this.#operator('joinTable', {
      ...options,
      inputs: [this.place.outlet, table.place.outlet],
      create: () => (context) => new LookupJoinOperator(context, lookUp),
    });
  }

  #joinStream<W, R>(other: Stream<K, W>, join: AnyJoin, near: JoinWindow & { readonly kind: JoinKind }): Stream<K, R> {
    checkPartitions(this.place, other.place);
    const { within_ms = Number.NaN, before_ms = within_ms, after_ms = within_ms, grace_ms = 0, kind, name } = near;
    checkedOption('before_ms', before_ms, 0);
    checkedOption('after_ms', after_ms, 0);
    checkedOption('grace_ms', grace_ms, 0);
    return this.#operator(kind === 'inner' ? 'join' : `${kind}Join`, {
      ...(name === undefined ? {} : { name }),
      inputs: [this.place.outlet, other.place.outlet],
      create: () => (context) => new StreamJoinOperator(context, { kind, before_ms, after_ms, grace_ms, join }),
      delay_ms: Math.max(before_ms, after_ms) + grace_ms + 1,
      detail: `-${before_ms} ms to +${after_ms} ms, grace ${grace_ms} ms`,
    });
  }
}

/** A stream whose operator has a side output for what came too late. */
export class LateStream<K, V, Late> extends Stream<K, V> {
  constructor(
    place: Place,
    readonly late: Stream<K, Late>,
  ) {
    super(place);
  }
}
