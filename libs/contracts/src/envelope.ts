import { z } from 'zod';

/** Debezium's operation letters: create, update, delete, read (a snapshot's row), truncate, message. */
export type ChangeOp = 'c' | 'u' | 'd' | 'r' | 't' | 'm';

/** The `source` block of a Debezium PostgreSQL event, as far as we fill it, and our epoch and index beside it. */
export interface ChangeSource {
  readonly version: string;
  readonly connector: 'postgresql';
  readonly name: string;
  readonly ts_ms: number;
  readonly ts_us: number;
  readonly snapshot: 'true' | 'false' | 'last';
  readonly db: string;
  readonly schema: string;
  readonly table: string;
  readonly txId: number | null;
  /** Commit LSN as a number, as Debezium writes it. */
  readonly lsn: number | null;
  /** `SYSTEM:TIMELINE:LSN:INDEX`; our addition. */
  readonly position: string;
}

export interface ChangeTransaction {
  readonly id: string;
  readonly total_order: number;
  readonly data_collection_order: number;
}

/** One change of a row, as it stands on a change topic (Debezium's envelope, JSON without schema). */
export interface Change<Row> {
  readonly op: ChangeOp;
  readonly before: Row | null;
  readonly after: Row | null;
  readonly source: ChangeSource;
  readonly ts_ms: number;
  readonly transaction: ChangeTransaction | null;
}

/** What an untouched TOAST column holds: the value was not in the WAL, and isn't null. Debezium's own placeholder. */
export const UNCHANGED = '__debezium_unavailable_value';
export type Unchanged = typeof UNCHANGED;

export const changeSchema = <Row extends z.ZodType>(row: Row) =>
  z.object({
    op: z.enum(['c', 'u', 'd', 'r', 't', 'm']),
    before: row.nullable(),
    after: row.nullable(),
    source: z.looseObject({
      schema: z.string(),
      table: z.string(),
      ts_ms: z.number(),
      snapshot: z.string(),
      position: z.string(),
    }),
    ts_ms: z.number(),
    transaction: z.object({ id: z.string(), total_order: z.number(), data_collection_order: z.number() }).nullable(),
  });
