import { NervelineError } from '@nerveline/kernel';
import { z } from 'zod';
import { parseExactJson, type ExactJson } from './exact-json';

const text = new TextDecoder();

/** Debezium's operation letters: create, update, delete, read (a snapshot's row), truncate, message. */
export type ChangeOp = 'c' | 'u' | 'd' | 'r' | 't' | 'm';

/** The `source` block of a Debezium PostgreSQL event, as far as we fill it, and our epoch and index beside it. */
export interface ChangeSource {
  readonly version: string;
  readonly connector: 'postgresql';
  readonly name: string;
  readonly ts_ms: number;
  readonly ts_us: number;
  readonly snapshot: 'true' | 'false';
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
  /**
   * The row as it was. Under the default replica identity a delete knows the key columns only (the others are absent,
   * not null), and an update that leaves the key alone knows nothing.
   */
  readonly before: Partial<Row> | null;
  readonly after: Row | null;
  readonly source: ChangeSource;
  readonly ts_ms: number;
  readonly transaction: ChangeTransaction | null;
}

/** What an untouched TOAST column holds: the value was not in the WAL, and isn't null. Debezium's own placeholder. */
export const UNCHANGED = '__debezium_unavailable_value';
export type Unchanged = typeof UNCHANGED;

/** A row whose column types nobody declared, every digit kept: see {@link parseExactJson}. */
export type AnyRow = Readonly<Record<string, ExactJson>>;

export const changeSchema = <Row extends z.ZodObject>(row: Row) =>
  z.object({
    op: z.enum(['c', 'u', 'd', 'r', 't', 'm']),
    before: row.partial().nullable(),
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

const looseRow = z.record(z.string(), z.custom<ExactJson>());
const looseChange = z.looseObject({
  op: z.enum(['c', 'u', 'd', 'r', 't', 'm']),
  before: looseRow.nullable(),
  after: looseRow.nullable(),
});

/** A change of any table, as {@link parseChange} reads it. */
export interface ParsedChange {
  readonly op: ChangeOp;
  readonly before: AnyRow | null;
  readonly after: AnyRow | null;
  readonly [field: string]: unknown;
}

/**
 * Reads a change of any table without losing a digit: an `int8` beyond 2^53 is a bigint, a `numeric` is its text.
 *
 * @throws NervelineError `NL-LOG-011` when it isn't JSON or not a change
 */
export function parseChange(bytes: Uint8Array): ParsedChange {
  const parsed = looseChange.safeParse(parseExactJson(text.decode(bytes)));
  if (parsed.success) return parsed.data;
  throw new NervelineError('NL-LOG-011', {
    detail: 'not a change',
    field: parsed.error.issues[0]?.path.join('.') ?? '',
  });
}
