import type { Offset, RecordHeaders } from '@nerveline/kernel';

/** A record as push needs it; the log's own records are such. */
export interface SourceRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: Offset;
  readonly key: Uint8Array | null;
  /** `null` is a tombstone. */
  readonly value: Uint8Array | null;
  readonly headers: RecordHeaders;
  readonly timestamp_ms: number;
  readonly appended_ms: number;
}

/** What one read gave: `next_offset` is where the next one goes on, beyond the last record where compaction left a gap. */
export interface SourceBatch<Item = SourceRecord> {
  readonly records: readonly Item[];
  readonly next_offset: Offset;
  readonly tail_offset: Offset;
}

/** Where push reads from: the part of the log's port that it needs. Any log that keeps these promises will do. */
export interface RecordSource {
  /** @throws NervelineError `NL-LOG-008` while nobody has written the topic, `NL-LOG-009` outside the log */
  read(request: {
    readonly topic: string;
    readonly partition: number;
    readonly from: Offset;
    readonly max_bytes?: number;
    readonly max_records?: number;
  }): Promise<SourceBatch>;

  /** Resolves when one of the positions has a record (true) or the signal aborts (false); waiting costs nothing. */
  waitForRecords(
    positions: readonly { readonly topic: string; readonly partition: number; readonly next_offset: Offset }[],
    signal: AbortSignal,
  ): Promise<boolean>;

  /** @throws NervelineError `NL-LOG-008` while nobody has written the topic */
  tail(
    topic: string,
    partition: number,
  ): Promise<{
    readonly next_offset: Offset;
    readonly start_offset: Offset;
  }>;
}
