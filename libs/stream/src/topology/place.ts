import { NervelineError } from '@nerveline/kernel';
import type { Outlet } from './graph';
import type { GraphBuilder, Named } from './graph-builder';
import type { LateStream, Stream } from './stream';
import type { Table } from './table';
import type { WindowedStream } from './windowed-stream';
import type { Window } from './windows';

/** What records may be grouped by: values that are equal when they look equal. */
export type Key = string | number | bigint | boolean;

/** Where a stream or table is in the graph, and how others are made from it. */
export interface Place {
  readonly graph: GraphBuilder;
  readonly outlet: Outlet;
  /** Partitions of the topic by whose keys it is still partitioned; undefined when it was keyed anew. */
  readonly partitions: number | undefined;
  readonly make: Maker;
}

/** Makes the classes of the DSL, which make each other: so none of their modules has to load the others. */
export interface Maker {
  stream<K, V>(place: Place): Stream<K, V>;
  late<K, V, Late>(place: Place, late: Outlet): LateStream<K, V, Late>;
  table<K, V>(place: Place): Table<K, V>;
  windowed<K, V>(place: Place, of: Window, results: 'final' | 'early'): WindowedStream<K, V>;
}

/** How far apart in event time two records may be to be joined. */
export interface JoinWindow extends Named {
  /** Both ways. */
  readonly within_ms?: number;
  /** How much older than the left record the right one may be; `within_ms` when absent. */
  readonly before_ms?: number;
  /** How much younger. */
  readonly after_ms?: number;
  readonly grace_ms?: number;
}

/** The graph is typed at its surface: inside, values are unknown, and this is where a type is left behind. */
export const untyped = <F>(value: unknown): F => value as F;

/** A function of the user's as the graph holds it. */
export type AnyJoin = (left: unknown, right: unknown) => unknown;

/**
 * Equal keys must lie in partitions of one number.
 *
 * @throws NervelineError `NL-STR-007`
 */
export function checkPartitions(left: Place, right: Place): void {
  if (left.partitions === undefined || right.partitions === undefined || left.partitions === right.partitions) return;
  const detail = `${left.outlet.node.name} has ${left.partitions} partitions, ${right.outlet.node.name} ${right.partitions}`;
  throw new NervelineError('NL-STR-007', { detail });
}
