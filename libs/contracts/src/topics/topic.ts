import type { z } from 'zod';

/** The programs that write to the log. Each topic has one. */
export type ServiceName = 'cdc-relay' | 'fraud-scoring' | 'inventory-sync' | 'gps-rerouting' | 'live-gateway';

/** How long a topic keeps its records. */
export type Retention =
  | {
      readonly kind: 'age';
      readonly retention_ms: number;
      /** Of each partition: the oldest records go sooner when there is more. */
      readonly retention_bytes?: number;
    }
  /** The last record of each key stays; a tombstone removes it. */
  | { readonly kind: 'compacted' };

/** A topic, declared once: everything that creates, writes, reads or documents it starts here. */
export interface Topic<Schema extends z.ZodType = z.ZodType> {
  readonly name: string;
  /** What the key is made of: `tenant/card`. */
  readonly key: string;
  /** The value after decoding. */
  readonly schema: Schema;
  readonly encoding: 'json' | 'position-fix';
  readonly partitions: number;
  readonly retention: Retention;
  /** The single writer. */
  readonly owner: ServiceName;
  readonly description: string;
  /** Its values hold whole records of other topics, so they may be larger than those: {@link wrappedRecordBytes}. */
  readonly wraps_records?: true;
}

/** The largest record of a topic that wraps records of up to `max_record_bytes`: as base64, with what went wrong. */
export const wrappedRecordBytes = (max_record_bytes: number): number => 2 * max_record_bytes + 65_536;

export type ValueOf<T> = T extends Topic<infer Schema> ? z.infer<Schema> : never;

const HOUR_MS = 3_600_000;
export const DAYS_7: Retention = { kind: 'age', retention_ms: 7 * 24 * HOUR_MS };
export const DAYS_30: Retention = { kind: 'age', retention_ms: 30 * 24 * HOUR_MS };
export const COMPACTED: Retention = { kind: 'compacted' };

/** Topics whose keys are few or whose order is global have one partition, the others these many. */
export const DEFAULT_PARTITIONS = 4;

export function defineTopic<Schema extends z.ZodType>(topic: Topic<Schema>): Topic<Schema> {
  return Object.freeze(topic);
}
