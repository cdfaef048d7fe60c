import { recordHeaders } from '@nerveline/contracts';
import {
  formatSourcePosition,
  lsn,
  type Lsn,
  type OutRecord,
  type RecordHeaders,
  type SourceEpoch,
} from '@nerveline/kernel';
import type { PartitionOf } from '../change-sink';
import { EnvelopeWriter } from '../debezium/envelope';
import { TableEncoder } from '../debezium/table-encoder';
import { traceparentOf } from '../debezium/trace-context';
import type { Tuple } from '../pgoutput/messages';
import { TupleView } from '../pgoutput/tuple-view';
import { schemaTopic, type KnownShapes } from '../schema/known-shapes';
import type { CatalogTable } from '../source/table-catalog';
import { JsonWriter } from '../values/json-writer';

/** Rows of a chunk are numbered below this, chunks above it. */
const MAX_CHUNK_ROWS = 2 ** 20;

export interface SnapshotOrigin {
  readonly epoch: SourceEpoch;
  readonly database: string;
  readonly snapshot_lsn: Lsn;
  readonly read_ms: number;
}

/**
 * Rows of a snapshot as records (`op: r`).
 *
 * Their position is (epoch, one byte below the snapshot's LSN, chunk and row): above every change that the snapshot
 * holds, below every change that follows it, since no WAL record begins at an odd byte. So positions go on increasing in
 * each partition through every snapshot, and one rule drops what is there already.
 */
export class SnapshotEncoder {
  readonly #table: TableEncoder;
  readonly #position_lsn: Lsn;
  readonly #position_prefix: string;
  readonly #read_ms_text: string;
  readonly #traceparent: string;
  readonly #out = new JsonWriter();
  readonly #envelopes = new EnvelopeWriter();

  constructor(
    private readonly table: CatalogTable,
    private readonly origin: SnapshotOrigin,
    private readonly partitionOf: PartitionOf,
  ) {
    this.#table = new TableEncoder(table.relation, table.source, { database: origin.database, snapshot: true });
    this.#position_lsn = lsn(origin.snapshot_lsn - 1n);
    const at = { epoch: origin.epoch, commit_lsn: this.#position_lsn };
    this.#position_prefix = formatSourcePosition({ ...at, index: 0 }).slice(0, -1);
    this.#read_ms_text = String(origin.read_ms);
    this.#traceparent = traceparentOf(at.epoch, at.commit_lsn);
  }

  /**
   * The shape of a table of which nothing has been told: what the stream brings later is compared with it. When the stream
   * has told of it already, that is where its shape stands.
   */
  announce(shapes: KnownShapes, chunk: number): OutRecord[] {
    const { name, shape } = this.table;
    if (shapes.has(name)) return [];
    const { read_ms } = this.origin;
    const index = chunk * MAX_CHUNK_ROWS;
    const change = shapes.observe(name, shape, { position: this.#position(index), ts_ms: read_ms });
    if (change === undefined) return [];
    const value = Buffer.from(JSON.stringify(change));
    return [
      { topic: schemaTopic, partition: 0, key: name, value, headers: this.#headers(index), timestamp_ms: read_ms },
    ];
  }

  /** @param chunk counts the chunks of this snapshot over all its tables */
  encode(rows: readonly Tuple[], chunk: number): OutRecord[] {
    const { read_ms } = this.origin;
    const envelopes = this.#envelopes;
    envelopes.open({
      ...{ xid: null, lsn: this.#position_lsn, committed_us: BigInt(read_ms) * 1000n, processed_ms: read_ms },
      position_prefix: this.#position_prefix,
      transaction_id: null,
    });
    return rows.map((row, i) => {
      const index = chunk * MAX_CHUNK_ROWS + i;
      const tuple = TupleView.of(row);
      const values = this.#table.keyOf(tuple);
      const key = this.#table.recordKey(values);
      envelopes.before(this.#out);
      envelopes.none(this.#out);
      envelopes.after(this.#out);
      this.#table.row(this.#out, tuple);
      const { table_part } = this.#table;
      const value = envelopes.end(this.#out, { op: 'r', table_part, index, total_order: 0, table_order: 0 });
      return {
        topic: this.#table.topic,
        partition: this.partitionOf(this.#table.orderKey(values, key), this.#table.partitions),
        key,
        value,
        headers: this.#headers(index),
        timestamp_ms: read_ms,
      };
    });
  }

  #position(index: number): string {
    return `${this.#position_prefix}${index}`;
  }

  #headers(index: number): RecordHeaders {
    return {
      [recordHeaders.source_position]: this.#position(index),
      [recordHeaders.committed_ms]: this.#read_ms_text,
      [recordHeaders.traceparent]: this.#traceparent,
    };
  }

  /** Where the next chunk begins. */
  keyOfLast(rows: readonly Tuple[]): string[] | undefined {
    const last = rows.at(-1);
    return last === undefined ? undefined : this.#table.keyOf(TupleView.of(last));
  }
}
