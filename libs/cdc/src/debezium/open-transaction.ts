import { formatSourcePosition, type Lsn, type SourceEpoch } from '@nerveline/kernel';
import type { JsonWriter } from '../values/json-writer';
import type { EnvelopeWriter } from './envelope';
import { traceparentOf } from './trace-context';

/** What a mark says of a table. */
export interface CountedTable {
  readonly table_name: string;
  /** From {@link countPart}. */
  readonly count_part: Buffer;
}

interface TableCount {
  readonly table: CountedTable;
  changes: number;
  /** By number; a partition that got nothing has no entry. */
  readonly partitions: number[];
}

const BEGIN = Buffer.from('{"status":"BEGIN","id":"');
const END = Buffer.from('{"status":"END","id":"');
const MILLISECONDS = Buffer.from('","ts_ms":');
const NOTHING_COUNTED = Buffer.from(',"event_count":null,"data_collections":null,"position":"');
const EVENTS = Buffer.from(',"event_count":');
const TABLES = Buffer.from(',"data_collections":[');
const PARTITIONS = Buffer.from(',"partitions":{');
const POSITION = Buffer.from('],"position":"');
const TEXT_END = Buffer.from('"}');
const TABLE_END = Buffer.from('}}');
const COUNT = Buffer.from('":');
const [COMMA, QUOTE] = [0x2c, 0x22];

/** How the count of a table begins in an END: the same in every transaction. */
export const countPart = (table_name: string): Buffer =>
  Buffer.from(`{"data_collection":${JSON.stringify(table_name)},"event_count":`);

/** What is known of a source transaction between its BEGIN and its END. */
export class OpenTransaction {
  readonly id: string;
  readonly commit_lsn: Lsn;
  readonly committed_ms: number;
  readonly committed_ms_text: string;
  /** The position of its records without their index. */
  readonly position_prefix: string;
  traceparent: string;
  changes = 0;
  /** Mostly one: a list is quicker than a map. */
  readonly #counts: TableCount[] = [];
  #next_index = 0;

  constructor(
    epoch: SourceEpoch,
    begin: { readonly commit_lsn: Lsn; readonly committed_us: bigint; readonly xid: number },
  ) {
    const { commit_lsn, committed_us, xid } = begin;
    this.id = `${xid}:${commit_lsn}`;
    this.commit_lsn = commit_lsn;
    this.committed_ms = Number(committed_us / 1000n);
    this.committed_ms_text = String(this.committed_ms);
    this.traceparent = traceparentOf(epoch, commit_lsn);
    this.position_prefix = formatSourcePosition({ epoch, commit_lsn, index: 0 }).slice(0, -1);
  }

  /** Each record of the transaction, tombstones and marks too, has an index of its own. */
  takeIndex(): number {
    return this.#next_index++;
  }

  position(index: number): string {
    return this.position_prefix + String(index);
  }

  /** Counts a change and gives its number among those of its table. */
  count(table: CountedTable, partition: number): number {
    const count = this.#countOf(table);
    count.partitions[partition] = (count.partitions[partition] ?? 0) + 1;
    count.changes += 1;
    this.changes += 1;
    return count.changes;
  }

  /**
   * BEGIN or END as it stands on the transaction topic: a `TransactionMark` of contracts. By hand, since a stream of
   * small transactions is mostly marks.
   *
   * @param envelopes opened for this transaction
   */
  mark(out: JsonWriter, { envelopes, status, index }: Mark): void {
    out.raw(status === 'BEGIN' ? BEGIN : END);
    envelopes.transactionId(out);
    out.raw(MILLISECONDS);
    out.digits(this.committed_ms);
    if (status === 'BEGIN') out.raw(NOTHING_COUNTED);
    else this.#writeCounts(out);
    envelopes.positionPrefix(out);
    out.digits(index);
    out.raw(TEXT_END);
  }

  #writeCounts(out: JsonWriter): void {
    out.raw(EVENTS);
    out.digits(this.changes);
    out.raw(TABLES);
    let tables = 0;
    for (const { table, changes, partitions } of this.#counts) {
      if (tables++ > 0) out.byte(COMMA);
      out.raw(table.count_part);
      out.digits(changes);
      out.raw(PARTITIONS);
      let written = 0;
      for (let partition = 0; partition < partitions.length; partition++) {
        const count = partitions[partition];
        if (count === undefined) continue;
        if (written++ > 0) out.byte(COMMA);
        out.byte(QUOTE);
        out.digits(partition);
        out.raw(COUNT);
        out.digits(count);
      }
      out.raw(TABLE_END);
    }
    out.raw(POSITION);
  }

  #countOf(table: CountedTable): TableCount {
    for (const count of this.#counts) if (count.table.table_name === table.table_name) return count;
    const count = { table, changes: 0, partitions: [] };
    this.#counts.push(count);
    return count;
  }
}

interface Mark {
  readonly envelopes: EnvelopeWriter;
  readonly status: 'BEGIN' | 'END';
  readonly index: number;
}
