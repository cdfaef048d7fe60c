import type { SourceTable } from '@nerveline/contracts';
import type { Clock, NervelineError } from '@nerveline/kernel';
import type { ChangeSink, PartitionOf } from '../change-sink';

/** Places at which a test ends the process, to prove that nothing is lost there. */
export type FaultPoint = 'before_append' | 'after_append' | 'before_confirm' | 'in_snapshot_chunk';

/** What the relay tells of itself, for the log. */
export type RelayEvent =
  | { readonly kind: 'streaming'; readonly slot: string; readonly from_lsn: string }
  | { readonly kind: 'snapshot_started'; readonly tables: readonly string[]; readonly snapshot_lsn: string }
  | { readonly kind: 'snapshot_finished'; readonly table: string; readonly rows: number }
  | { readonly kind: 'waiting_for_tables'; readonly tables: readonly string[] }
  | { readonly kind: 'interrupted'; readonly error: NervelineError; readonly retry_in_ms: number };

export interface RelaySettings {
  /** Connection URL of the source database. */
  readonly source_url: string;
  readonly slot: string;
  readonly publication: string;
  readonly tables: readonly SourceTable[];
  /** A write takes whole transactions until it has so many bytes; a larger transaction goes in slices. */
  readonly max_batch_bytes?: number;
  /** Records that wait for the sink; above it the source is paused. At least twice `max_batch_bytes`. */
  readonly max_pending_bytes?: number;
  /** How often the durable position is written down and confirmed to the source. */
  readonly confirm_interval_ms?: number;
  /** Rows in one write of a snapshot. */
  readonly snapshot_chunk_rows?: number;
  /** How often missing tables are looked for. */
  readonly table_poll_ms?: number;
  /** Pauses between attempts to reach the source: doubled from the first to the last. */
  readonly min_backoff_ms?: number;
  readonly max_backoff_ms?: number;
}

export interface RelayOptions extends RelaySettings {
  readonly sink: ChangeSink;
  readonly partitionOf: PartitionOf;
  readonly clock?: Clock;
  readonly onEvent?: (event: RelayEvent) => void;
  readonly atFaultPoint?: (point: FaultPoint) => void;
}

export type ResolvedOptions = Required<RelayOptions>;

const MIB = 1_048_576;

export const relayDefaults = {
  max_batch_bytes: 4 * MIB,
  max_pending_bytes: 16 * MIB,
  confirm_interval_ms: 1_000,
  snapshot_chunk_rows: 1_000,
  table_poll_ms: 500,
  min_backoff_ms: 100,
  max_backoff_ms: 10_000,
} as const;
