import { recordHeaders } from '@nerveline/contracts';
import { formatSourcePosition, lsn, type Lsn, type OutRecord, type SourceEpoch } from '@nerveline/kernel';
import type { PartitionOf } from '../change-sink';
import { envelopeWriter } from '../debezium/envelope';
import { TableEncoder } from '../debezium/table-encoder';
import { traceparentOf } from '../debezium/trace-context';
import type { Tuple } from '../pgoutput/messages';
import type { CatalogTable } from '../source/table-catalog';

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

  constructor(
    table: CatalogTable,
    private readonly origin: SnapshotOrigin,
    private readonly partitionOf: PartitionOf,
  ) {
    this.#table = new TableEncoder(table.relation, table.source);
    this.#position_lsn = lsn(origin.snapshot_lsn - 1n);
  }

  /** @param chunk counts the chunks of this snapshot over all its tables */
  encode(rows: readonly Tuple[], chunk: number): OutRecord[] {
    const { epoch, database, read_ms } = this.origin;
    const committed_us = BigInt(read_ms) * 1000n;
    const write = envelopeWriter(
      { database, snapshot: true, xid: null, lsn: this.#position_lsn, committed_us, processed_ms: read_ms },
      this.#table.relation,
    );
    const traceparent = traceparentOf(epoch, this.#position_lsn);
    return rows.map((row, i) => {
      const key = this.#table.keyOf(row);
      const index = chunk * MAX_CHUNK_ROWS + i;
      const position = formatSourcePosition({ epoch, commit_lsn: this.#position_lsn, index });
      const json = write({ op: 'r', before: 'null', after: this.#table.row(row), position, transaction: 'null' });
      return {
        topic: this.#table.topic,
        partition: this.partitionOf(this.#table.orderKey(key), this.#table.partitions),
        key: this.#table.recordKey(key),
        value: Buffer.from(json, 'utf8'),
        headers: {
          [recordHeaders.source_position]: position,
          [recordHeaders.committed_ms]: String(read_ms),
          [recordHeaders.traceparent]: traceparent,
        },
        timestamp_ms: read_ms,
      };
    });
  }

  /** Where the next chunk begins. */
  keyOfLast(rows: readonly Tuple[]): string[] | undefined {
    const last = rows.at(-1);
    return last === undefined ? undefined : this.#table.keyOf(last);
  }
}
