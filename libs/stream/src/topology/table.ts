import type { OperatorContext } from '../engine/operator';
import { filterStep, mapStep } from '../operators/chain';
import { suppressor } from '../operators/suppress';
import { TableJoinOperator, TableOperator, type TableJoinOptions } from '../operators/table';
import type { TopicOf } from './graph';
import type { Named } from './graph-builder';
import { checkPartitions, untyped, type AnyJoin, type Place } from './place';
import { processOn } from './process-on';
import type { Stream } from './stream';
import { checkedOption } from './windows';

/** The last value of each key. On its way it is a stream of changes, in which `null` says that a key is gone. */
export class Table<K, V> {
  constructor(readonly place: Place) {}

  /** Rows that don't fit are as good as gone. */
  filter(keep: (row: V) => boolean, options: Named = {}): Table<K, V> {
    const step = mapStep((row) => (row !== null && keep(row as V) ? row : null));
    return this.#chain('filter', { ...options, step });
  }

  map<W>(change: (row: V) => W, options: Named = {}): Table<K, W> {
    const step = mapStep((row) => (row === null ? null : change(row as V)));
    return this.#chain('map', { ...options, step });
  }

  join<W, R>(other: Table<K, W>, join: (left: V, right: W) => R, options: Named = {}): Table<K, R> {
    checkPartitions(this.place, other.place);
    return this.#join(other, { kind: 'inner', join: untyped<AnyJoin>(join) }, options);
  }

  leftJoin<W, R>(other: Table<K, W>, join: (left: V, right: W | undefined) => R, options: Named = {}): Table<K, R> {
    checkPartitions(this.place, other.place);
    return this.#join(other, { kind: 'left', join: untyped<AnyJoin>(join) }, options);
  }

  outerJoin<W, R>(
    other: Table<K, W>,
    join: (left: V | undefined, right: W | undefined) => R,
    options: Named = {},
  ): Table<K, R> {
    checkPartitions(this.place, other.place);
    return this.#join(other, { kind: 'outer', join: untyped<AnyJoin>(join) }, options);
  }

  /** With the row of another table that this one's rows name: a change there changes every row that names it. */
  joinForeign<L, W, R>(other: Table<L, W>, foreignKey: (row: V) => L, join: (left: V, right: W) => R): Table<K, R> {
    return this.#join(other, { kind: 'inner', foreignKey: untyped(foreignKey), join: untyped<AnyJoin>(join) }, {});
  }

  leftJoinForeign<L, W, R>(
    other: Table<L, W>,
    foreignKey: (row: V) => L,
    join: (left: V, right: W | undefined) => R,
  ): Table<K, R> {
    return this.#join(other, { kind: 'left', foreignKey: untyped(foreignKey), join: untyped<AnyJoin>(join) }, {});
  }

  /** Of the changes of a key within this much event time, only the last. */
  suppress({ wait_ms, ...options }: Named & { readonly wait_ms: number }): Table<K, V> {
    const suppress = suppressor<K, V | null>(checkedOption('wait_ms', wait_ms, 1));
    const changes = processOn(this.place, suppress, { kind: 'suppress', ...options });
    return this.place.make.table(changes.place);
  }

  /** Its changes, deletions as `null`. */
  toStream(): Stream<K, V | null> {
    return this.place.make.stream(this.place);
  }

  /** Its changes without deletions. */
  upserts(options: Named = {}): Stream<K, V> {
    const step = filterStep((row) => row !== null);
    return this.place.make.stream(this.#chain('upserts', { ...options, step }).place);
  }

  /** Can be asked for rows under this name. */
  named(name: string): Table<K, V> {
    const create = () => (context: OperatorContext) => new TableOperator(context, name);
    const node = this.place.graph.operator({ kind: 'toTable', name, inputs: [this.place.outlet], create });
    return this.place.make.table({ ...this.place, outlet: { node, output: 0 } });
  }

  to<W>(this: Table<K, NoInfer<W>>, topic: TopicOf<W>): void {
    // A table's `null` is a topic's tombstone, which no schema sees.
    this.toStream().to(untyped<TopicOf<W | null>>(topic));
  }

  #chain<W>(kind: string, options: Named & { readonly step: ReturnType<typeof mapStep> }): Table<K, W> {
    return this.place.make.table({ ...this.place, outlet: this.place.graph.chain(kind, this.place.outlet, options) });
  }

  #join<L, W, R>(other: Table<L, W>, join: TableJoinOptions, options: Named): Table<K, R> {
    const node = this.place.graph.operator({
      kind: join.foreignKey === undefined ? 'joinTables' : 'joinForeign',
      ...options,
      inputs: [this.place.outlet, other.place.outlet],
      create: () => (context) => new TableJoinOperator(context, join),
    });
    return this.place.make.table({ ...this.place, outlet: { node, output: 0 } });
  }
}

/** A table that every instance has whole, so that rows can be looked up by any key. */
export class GlobalTable<K, V> {
  /** What the rows are: never there at run time. */
  declare readonly row: readonly [K, V];
  constructor(readonly place: Place) {}
}
