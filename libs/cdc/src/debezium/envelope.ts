import type { ChangeOp } from '@nerveline/contracts';

/** Names the writer in `source.version`, as Debezium names its own. */
const WRITER_VERSION = 'nerveline-1';
/** The logical name of the source: the first part of the topic names. */
const SOURCE_NAME = 'cdc';

/** What all changes of a transaction, or all rows of a snapshot chunk, have in common. */
export interface EnvelopeOrigin {
  readonly database: string;
  readonly snapshot: boolean;
  readonly xid: number | null;
  readonly lsn: bigint;
  readonly committed_us: bigint;
  readonly processed_ms: number;
}

export interface EnvelopeChange {
  readonly op: ChangeOp;
  /** JSON text. */
  readonly before: string;
  /** JSON text. */
  readonly after: string;
  readonly position: string;
  /** JSON text: Debezium's `transaction` block. */
  readonly transaction: string;
}

/**
 * Writes Debezium envelopes of one table, JSON without schema. The text is put together by hand, since a number of
 * JavaScript can't hold every `int8`, and most of it is the same for a whole transaction.
 *
 * @see https://debezium.io/documentation/reference/stable/connectors/postgresql.html#postgresql-events
 */
export function envelopeWriter(
  origin: EnvelopeOrigin,
  table: { readonly schema: string; readonly table: string },
): (change: EnvelopeChange) => string {
  const { database, snapshot, xid, lsn, committed_us, processed_ms } = origin;
  const source =
    `"source":{"version":"${WRITER_VERSION}","connector":"postgresql","name":"${SOURCE_NAME}",` +
    `"ts_ms":${committed_us / 1000n},"ts_us":${committed_us},"snapshot":"${snapshot}",` +
    `"db":${JSON.stringify(database)},"schema":${JSON.stringify(table.schema)},"table":${JSON.stringify(table.table)},` +
    `"txId":${xid},"lsn":${lsn},"position":"`;
  return ({ op, before, after, position, transaction }) =>
    `{"before":${before},"after":${after},${source}${position}"},"op":"${op}","ts_ms":${processed_ms},` +
    `"transaction":${transaction}}`;
}
