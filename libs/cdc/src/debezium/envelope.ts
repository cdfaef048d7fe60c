import type { ChangeOp } from '@nerveline/contracts';
import type { JsonWriter } from '../values/json-writer';

/** Names the writer in `source.version`, as Debezium names its own. */
const WRITER_VERSION = 'nerveline-1';
/** The logical name of the source: the first part of the topic names. */
const SOURCE_NAME = 'cdc';

const BEFORE = Buffer.from('{"before":');
const AFTER = Buffer.from(',"after":');
const SOURCE = Buffer.from(
  `,"source":{"version":"${WRITER_VERSION}","connector":"postgresql","name":"${SOURCE_NAME}",`,
);
const ORDER_IN_TABLE = Buffer.from(',"data_collection_order":');
const END = Buffer.from('}}');
const NULL = Buffer.from('null');

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
 * Writes Debezium envelopes, JSON without schema, in the order {@link before}, {@link after}, {@link end}. They are put together by hand: a number of JavaScript can't hold every
 * `int8`, and most of the bytes are the same for a whole transaction or table.
 *
 * @see https://debezium.io/documentation/reference/stable/connectors/postgresql.html#postgresql-events
 */
export class EnvelopeWriter {
  readonly #times: Buffer;
  readonly #ids: Buffer;
  readonly #tails = new Map<ChangeOp, Buffer>();

  constructor(private readonly origin: EnvelopeOrigin) {
    const { xid, lsn, committed_us, position_prefix } = origin;
    this.#times = Buffer.from(`"ts_ms":${committed_us / 1000n},"ts_us":${committed_us},`);
    this.#ids = Buffer.from(`"txId":${xid},"lsn":${lsn},"position":"${position_prefix}`);
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

  /** Ends the record. */
  end(out: JsonWriter, place: EnvelopePlace): Buffer {
    out.raw(SOURCE);
    out.raw(this.#times);
    out.raw(place.table_part);
    out.raw(this.#ids);
    out.digits(place.index);
    out.raw(this.#tail(place.op));
    if (this.origin.transaction_id === null) return out.take();
    out.digits(place.total_order);
    out.raw(ORDER_IN_TABLE);
    out.digits(place.table_order);
    out.raw(END);
    return out.take();
  }

  #tail(op: ChangeOp): Buffer {
    const known = this.#tails.get(op);
    if (known !== undefined) return known;
    const { processed_ms, transaction_id } = this.origin;
    const transaction = transaction_id === null ? 'null}' : `{"id":"${transaction_id}","total_order":`;
    const tail = Buffer.from(`"},"op":"${op}","ts_ms":${processed_ms},"transaction":${transaction}`);
    this.#tails.set(op, tail);
    return tail;
  }
}
