import type { TimeSettings } from '../topology/graph';
import { DEFAULT_MAX_AHEAD_MS } from '../topology/graph';
import { Batch } from './batch';
import { NO_WATERMARK } from './step';

/** What happened to records on their way in. */
export interface SourceCounts {
  records: number;
  /** Without a time that can be: NaN, infinite, ahead of the epoch. Rejected. */
  bad_time: number;
  /** Too far in the future: taken, but they moved no watermark. */
  ahead: number;
  /** Records without a value: for tables they say that a key is gone, streams leave them out. */
  tombstones: number;
}

export interface PartitionClock {
  watermark_ms: number;
  /** Clock's time of its last record; a new partition has been idle since the start. */
  active_ms: number;
  idle: boolean;
}

/** One topic's way into the graph: its batch, and a watermark for each partition. */
export class Source {
  /** Records with a value: what a stream reads. */
  readonly batch = new Batch();
  /** All records: what a table reads, if there is one. */
  readonly changes = new Batch();
  readonly counts: SourceCounts = { records: 0, bad_time: 0, ahead: 0, tombstones: 0 };
  readonly partitions: PartitionClock[];
  readonly out_of_orderness_ms: number;
  readonly max_ahead_ms: number;

  constructor(
    readonly topic_name: string,
    readonly time: TimeSettings<unknown>,
    partitions: number,
    private readonly has_table: boolean,
  ) {
    this.partitions = Array.from({ length: partitions }, () => ({
      watermark_ms: NO_WATERMARK,
      active_ms: Number.NaN,
      idle: false,
    }));
    this.out_of_orderness_ms = time.out_of_orderness_ms ?? 0;
    this.max_ahead_ms = time.max_ahead_ms ?? DEFAULT_MAX_AHEAD_MS;
  }

  push(key: unknown, value: unknown, at: { readonly time_ms: number; readonly position: number }): void {
    if (value === null) this.counts.tombstones += 1;
    else this.batch.at(at.time_ms, at.position).push(key, value);
    if (this.has_table) this.changes.at(at.time_ms, at.position).push(key, value);
  }

  clear(): void {
    this.batch.clear();
    this.changes.clear();
  }

  /** The oldest watermark among the partitions that aren't idle; nothing when all are. */
  get watermark_ms(): number | undefined {
    let oldest: number | undefined;
    for (const { idle, watermark_ms } of this.partitions) {
      if (!idle && (oldest === undefined || watermark_ms < oldest)) oldest = watermark_ms;
    }
    return oldest;
  }
}

/** Can a record carry this time? The epoch and later, and a number. */
export const isTime = (timestamp_ms: number): boolean => timestamp_ms >= 0 && timestamp_ms < Number.POSITIVE_INFINITY;
