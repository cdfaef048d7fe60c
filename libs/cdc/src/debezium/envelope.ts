import type { ChangeOp } from '@nerveline/contracts';
import { JsonWriter } from '../values/json-writer';

/** Names the writer in `source.version`, as Debezium names its own. */
const WRITER_VERSION = 'nerveline-1';
/** The logical name of the source: the first part of the topic names. */
const SOURCE_NAME = 'cdc';

const BEFORE = Buffer.from('{"before":');
const AFTER = Buffer.from(',"after":');
const SOURCE = Buffer.from(
  `,"source":{"version":"${WRITER_VERSION}","connector":"postgresql","name":"${SOURCE_NAME}",`,
);
const MILLISECONDS = Buffer.from('"ts_ms":');
const MICROSECONDS = Buffer.from(',"ts_us":');
const TRANSACTION_ID = Buffer.from('"txId":');
const LSN = Buffer.from(',"lsn":');
const POSITION = Buffer.from(',"position":"');
const NO_TRANSACTION = Buffer.from(',"transaction":null}');
const TRANSACTION = Buffer.from(',"transaction":{"id":"');
const TOTAL_ORDER = Buffer.from('","total_order":');
const ORDER_IN_TABLE = Buffer.from(',"data_collection_order":');
const END = Buffer.from('}}');
const NULL = Buffer.from('null');
const COMMA = 0x2c;

const behindPosition = (op: ChangeOp): Buffer => Buffer.from(`"},"op":"${op}","ts_ms":`);
const OPS: Readonly<Record<ChangeOp, Buffer>> = {
  c: behindPosition('c'),
  u: behindPosition('u'),
  d: behindPosition('d'),
  r: behindPosition('r'),
  t: behindPosition('t'),
  m: behindPosition('m'),
};

/** What all changes of a transaction, or all rows of a snapshot chunk, have in common. */
export interface EnvelopeOrigin {
  readonly xid: number | null;
  readonly lsn: bigint;
  readonly committed_us: bigint;
  readonly processed_ms: number;
  /** The position without its index. */
  readonly position_prefix: string;
  /** Debezium's `transaction.id`; null in a snapshot. */
  readonly transaction_id: string | null;
}

/** Where a change stands: what is written behind its rows. */
export interface EnvelopePlace {
  readonly op: ChangeOp;
  /** Of the table, from {@link tablePart}. */
  readonly table_part: Buffer;
  readonly index: number;
  readonly total_order: number;
  readonly table_order: number;
}

/** What the envelopes of one table have in common, as bytes. */
export function tablePart(
  database: string,
  snapshot: boolean,
  table: { readonly schema: string; readonly table: string },
): Buffer {
  return Buffer.from(
    `"snapshot":"${snapshot}","db":${JSON.stringify(database)},"schema":${JSON.stringify(table.schema)},` +
      `"table":${JSON.stringify(table.table)},`,
  );
}

/**
 * Writes Debezium envelopes, JSON without schema: {@link open} for a transaction, then {@link before}, {@link after},
 * {@link end} for each record. They are put together by hand: a number of JavaScript can't hold every `int8`, and most of
 * the bytes are the same for a whole transaction or table. One writer serves the whole stream, because many transactions
 * have one row.
 *
 * @see https://debezium.io/documentation/reference/stable/connectors/postgresql.html#postgresql-events
 */
export class EnvelopeWriter {
  readonly #scratch = new JsonWriter();
  /** What {@link open} wrote: times, then ids up to the position's index, then what stands behind the operation. */
  #common: Buffer = Buffer.alloc(0);
  #times_end = 0;
  #position_start = 0;
  #ids_end = 0;
  #id_start = 0;
  #id_end = 0;
  #in_transaction = false;

  open({ xid, lsn, committed_us, processed_ms, position_prefix, transaction_id }: EnvelopeOrigin): void {
    const scratch = this.#scratch;
    scratch.begin();
    scratch.raw(MILLISECONDS);
    scratch.integer(committed_us / 1000n);
    scratch.raw(MICROSECONDS);
    scratch.integer(committed_us);
    scratch.byte(COMMA);
    this.#times_end = scratch.length;
    scratch.raw(TRANSACTION_ID);
    if (xid === null) scratch.raw(NULL);
    else scratch.digits(xid);
    scratch.raw(LSN);
    scratch.integer(lsn);
    scratch.raw(POSITION);
    this.#position_start = scratch.length;
    scratch.ascii(position_prefix);
    this.#ids_end = scratch.length;
    scratch.digits(processed_ms);
    this.#in_transaction = transaction_id !== null;
    if (transaction_id === null) scratch.raw(NO_TRANSACTION);
    else {
      scratch.raw(TRANSACTION);
      this.#id_start = scratch.length;
      scratch.ascii(transaction_id);
      this.#id_end = scratch.length;
      scratch.raw(TOTAL_ORDER);
    }
    this.#common = scratch.take();
  }

  /** Begins a record; the row as it was follows, or {@link none}. */
  before(out: JsonWriter): void {
    out.begin();
    out.raw(BEFORE);
  }

  /** Now the row as it is follows, or {@link none}. */
  after(out: JsonWriter): void {
    out.raw(AFTER);
  }

  none(out: JsonWriter): void {
    out.raw(NULL);
  }

  /** The transaction's id, for its marks. */
  transactionId(out: JsonWriter): void {
    out.copy(this.#common, this.#id_start, this.#id_end);
  }

  /** The position without its index, for its marks. */
  positionPrefix(out: JsonWriter): void {
    out.copy(this.#common, this.#position_start, this.#ids_end);
  }

  /** Ends the record. */
  end(out: JsonWriter, place: EnvelopePlace): Buffer {
    const common = this.#common;
    out.raw(SOURCE);
    out.copy(common, 0, this.#times_end);
    out.raw(place.table_part);
    out.copy(common, this.#times_end, this.#ids_end);
    out.digits(place.index);
    out.raw(OPS[place.op]);
    out.copy(common, this.#ids_end, common.length);
    if (!this.#in_transaction) return out.take();
    out.digits(place.total_order);
    out.raw(ORDER_IN_TABLE);
    out.digits(place.table_order);
    out.raw(END);
    return out.take();
  }
}
