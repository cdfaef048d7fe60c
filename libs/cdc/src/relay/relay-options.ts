import { tmpdir } from 'node:os';
import type { SourceTable } from '@nerveline/contracts';
import type { Clock, NervelineError } from '@nerveline/kernel';
import type { TextTypeColumn } from '../debezium/column-types';
import type { SlotPolicies } from '../source/slot';
import type { WalForecast } from '../source/wal-budget';
import type { ChangeSink, PartitionOf } from '../change-sink';

/** Places at which a test ends the process, to prove that nothing is lost there. */
export type FaultPoint = 'before_append' | 'after_append' | 'before_confirm' | 'in_snapshot_chunk';

/** What the relay tells of itself, for the log. */
export type RelayEvent =
  | { readonly kind: 'streaming'; readonly slot: string; readonly from_lsn: string }
  | { readonly kind: 'snapshot_started'; readonly tables: readonly string[]; readonly snapshot_lsn: string }
  /** By a logical message: tables that are read anew, and those that aren't ours or are being read just now. */
  | { readonly kind: 'snapshot_requested'; readonly tables: readonly string[]; readonly ignored: readonly string[] }
  | { readonly kind: 'snapshot_request_refused'; readonly detail: string }
  | { readonly kind: 'snapshot_finished'; readonly table: string; readonly rows: number }
  /** A new slot in the place of one that was lost; all tables are read anew. */
  | { readonly kind: 'slot_replaced'; readonly slot: string }
  /** A table was taken out of the publication: it is put back and read anew. */
  | { readonly kind: 'publication_drifted'; readonly tables: readonly string[] }
  | ({ readonly kind: 'wal_near_limit'; readonly slot: string } & WalForecast)
  | ({ readonly kind: 'carried_as_text' } & TextTypeColumn)
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
  /** Large transactions are sent in parts before they end: sooner here, and not on the source's disk. */
  readonly in_progress?: boolean;
  /** Memory for transactions that have not ended; what is more goes to `spill_directory`. */
  readonly max_memory_bytes?: number;
  /** Transactions that have not ended take so much at most (`NL-CDC-021`). */
  readonly max_spill_bytes?: number;
  readonly spill_directory?: string;
  /** What to do when another process reads from the slot. */
  readonly taken_slot?: SlotPolicies['taken_slot'];
  /** What to do when the slot is gone or invalidated: changes since then are not in it. */
  readonly lost_slot?: SlotPolicies['lost_slot'];
  /** WAL that the source may keep for the slot; without it, only the server's own limit counts. */
  readonly wal_budget_bytes?: number | null;
  /** At the limit: end (`NL-CDC-022`), or free the source's disk and read all tables anew (`NL-CDC-023`). */
  readonly over_wal_budget?: 'stop' | 'drop_slot_and_resnapshot';
  /** How often the slot is looked at. */
  readonly slot_poll_ms?: number;
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
const GIB = 1_073_741_824;

export const relayDefaults = {
  max_batch_bytes: MIB,
  max_pending_bytes: 4 * MIB,
  taken_slot: 'wait',
  lost_slot: 'stop',
  wal_budget_bytes: null,
  over_wal_budget: 'stop',
  slot_poll_ms: 10_000,
  in_progress: true,
  max_memory_bytes: 8 * MIB,
  max_spill_bytes: 64 * GIB,
  spill_directory: tmpdir(),
  confirm_interval_ms: 1_000,
  snapshot_chunk_rows: 1_000,
  table_poll_ms: 500,
  min_backoff_ms: 100,
  max_backoff_ms: 10_000,
} as const;
