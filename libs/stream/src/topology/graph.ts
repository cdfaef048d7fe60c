import type { CreateOperator } from '../engine/operator';
import type { ChainStep } from '../operators/chain';

/** A topic as the graph needs it: any topic of the catalogue fits, and an example may make its own. */
export interface TopicOf<V> {
  readonly name: string;
  readonly partitions?: number;
  readonly schema: { parse(value: unknown): V };
}

/** How the time of a topic's records is read and trusted. */
export interface TimeSettings<V> {
  /** Event time of a value; the record's own timestamp when absent. */
  readonly timestamp_ms?: (value: V) => number;
  /** `processing` takes the clock's time at which a record comes in: processing-time windows. Default `event`. */
  readonly time?: 'event' | 'processing';
  /** How much older than the newest one of its partition a record may be. Default 0. */
  readonly out_of_orderness_ms?: number;
  /** A partition that gives nothing for this long holds the others' windows open no longer. Default: never. */
  readonly idle_after_ms?: number;
  /** A record this far ahead of its append moves no watermark, and is counted. Default one day. */
  readonly max_ahead_ms?: number;
}

export const DEFAULT_MAX_AHEAD_MS = 24 * 3_600_000;

interface NodeBase {
  readonly name: string;
  /** What it does, in one word of the DSL. */
  readonly kind: string;
  readonly inputs: readonly Outlet[];
  /** What `describe()` says of it: `10000 ms, grace 0 ms`. */
  readonly detail?: string;
}

export interface SourceNode extends NodeBase {
  readonly type: 'source';
  readonly topic: TopicOf<unknown>;
  readonly time: TimeSettings<unknown>;
}

export interface ChainNode extends NodeBase {
  readonly type: 'chain';
  readonly step: ChainStep;
}

export interface OperatorNode extends NodeBase {
  readonly type: 'operator';
  readonly create: CreateOperator;
  /** For how long it holds results back behind the watermark. */
  readonly delay_ms?: number;
  readonly store?: string;
}

export interface SinkNode extends NodeBase {
  readonly type: 'sink';
  readonly topic: TopicOf<unknown>;
}

export type GraphNode = SourceNode | ChainNode | OperatorNode | SinkNode;

/** One of a node's outputs: 0 is the main one, others are branches and late records. */
export interface Outlet {
  readonly node: GraphNode;
  readonly output: number;
}
