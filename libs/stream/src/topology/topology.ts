import { NervelineError } from '@nerveline/kernel';
import { compile, type CompiledTopology, type CompileOptions } from '../engine/compile';
import { flatMapStep } from '../operators/chain';
import { describeAsMermaid, describeAsText } from './describe';
import type { Outlet, SourceNode, TimeSettings, TopicOf } from './graph';
import { GraphBuilder } from './graph-builder';
import type { Maker, Place } from './place';
import { LateStream, Stream } from './stream';
import { GlobalTable, Table } from './table';
import { WindowedStream } from './windowed-stream';
import { checkedOption } from './windows';

/** A value that says how a row changed (Debezium's envelope), by what it has. */
interface RowChange {
  readonly op: string;
  readonly after: unknown;
}

/** The rows of a topic: what is behind each change, or the values themselves. */
export type RowOf<V> = V extends { readonly op: string; readonly after: infer Row } ? NonNullable<Row> : NonNullable<V>;

const make: Maker = {
  stream: <K, V>(place: Place) => new Stream<K, V>(place),
  late: <K, V, Late>(place: Place, late: Outlet) =>
    new LateStream<K, V, Late>(place, new Stream<K, Late>({ ...place, outlet: late })),
  table: <K, V>(place: Place) => new Table<K, V>(place),
  windowed: (place, of, results) => new WindowedStream(place, of, results),
};

const isChange = (value: unknown): value is RowChange =>
  typeof value === 'object' && value !== null && 'op' in value && 'after' in value && 'before' in value;

/** A topology, as it is written down: what is read, what is done to it, where it goes. */
export class Topology {
  readonly #graph = new GraphBuilder();

  /** Reads a topic; its records' keys are the keys. A topic is read once: a second call gives the same stream. */
  stream<V>(topic: TopicOf<V>, time: TimeSettings<V> = {}): Stream<string | null, V> {
    return new Stream(this.#source(topic, time));
  }

  /** Reads a topic as a table: the last value of each key, or the rows behind its changes where those are its values. */
  table<V>(topic: TopicOf<V>, time: TimeSettings<V> = {}): Table<string, RowOf<V>> {
    return new Table(this.#rows(topic, time));
  }

  /** A table that every instance reads whole. */
  globalTable<V>(topic: TopicOf<V>, time: TimeSettings<V> = {}): GlobalTable<string, RowOf<V>> {
    return new GlobalTable(this.#rows(topic, time));
  }

  /**
   * Makes a running copy.
   *
   * @throws NervelineError `NL-STR-003` when it reads what it writes
   */
  compile(options: CompileOptions): CompiledTopology {
    const { nodes } = this.#graph;
    const read = new Set(nodes.flatMap((node) => (node.type === 'source' ? [node.topic.name] : [])));
    for (const node of nodes) {
      if (node.type !== 'sink' || !read.has(node.topic.name)) continue;
      throw new NervelineError('NL-STR-003', { detail: `the topology reads and writes ${node.topic.name}` });
    }
    return compile(nodes, options);
  }

  /** The topics that it reads and writes, with their schemas. */
  get topics(): { readonly read: readonly TopicOf<unknown>[]; readonly written: readonly TopicOf<unknown>[] } {
    const { nodes } = this.#graph;
    return {
      read: nodes.flatMap((node) => (node.type === 'source' ? [node.topic] : [])),
      written: nodes.flatMap((node) => (node.type === 'sink' ? [node.topic] : [])),
    };
  }

  /** Its operators, one on a line, or as a Mermaid flow chart. */
  describe(as: 'text' | 'mermaid' = 'text'): string {
    return as === 'text' ? describeAsText(this.#graph.nodes) : describeAsMermaid(this.#graph.nodes);
  }

  #rows<V>(topic: TopicOf<V>, time: TimeSettings<V>): Place {
    const source = this.#source(topic, time);
    const step = flatMapStep((value) => {
      if (!isChange(value)) return [value];
      // A message isn't about a row.
      return value.op === 'm' ? [] : [value.after];
    });
    const changes = { ...source.outlet, output: 1 };
    return { ...source, outlet: this.#graph.chain('rows', changes, { step }) };
  }

  #source<V>(topic: TopicOf<V>, time: TimeSettings<V>): Place {
    checkedOption('partitions', topic.partitions ?? 1, 1);
    checkedOption('out_of_orderness_ms', time.out_of_orderness_ms ?? 0, 0);
    checkedOption('max_ahead_ms', time.max_ahead_ms ?? 0, 0);
    if (time.idle_after_ms !== undefined) checkedOption('idle_after_ms', time.idle_after_ms, 1);
    const known = this.#graph.nodes.find((node) => node.type === 'source' && node.topic.name === topic.name);
    const outlet = known === undefined ? this.#addSource(topic, time) : { node: known, output: 0 };
    return { graph: this.#graph, outlet, partitions: topic.partitions ?? 1, make };
  }

  #addSource<V>(topic: TopicOf<V>, time: TimeSettings<V>): Outlet {
    const name = this.#graph.nameOf(topic.name, topic.name);
    const node: SourceNode = {
      type: 'source',
      kind: 'stream',
      name,
      inputs: [],
      topic,
      time: time as TimeSettings<unknown>,
    };
    return this.#graph.add(node);
  }
}
