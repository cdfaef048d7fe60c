import type { TransactionMark } from '@nerveline/contracts';
import { formatSourcePosition, type Lsn, type SourceEpoch } from '@nerveline/kernel';
import { EnvelopeWriter } from './envelope';
import { traceparentOf } from './trace-context';

interface TableCount {
  changes: number;
  readonly partitions: Record<string, number>;
}

/** What is known of a source transaction between its BEGIN and its END. */
export class OpenTransaction {
  readonly id: string;
  readonly commit_lsn: Lsn;
  readonly committed_ms: number;
  readonly committed_ms_text: string;
  readonly envelopes: EnvelopeWriter;
  traceparent: string;
  changes = 0;
  readonly #position_prefix: string;
  readonly #counts = new Map<string, TableCount>();
  #next_index = 0;

  constructor(
    epoch: SourceEpoch,
    begin: { readonly commit_lsn: Lsn; readonly committed_us: bigint; readonly xid: number },
    processed_ms: number,
  ) {
    const { commit_lsn, committed_us, xid } = begin;
    this.id = `${xid}:${commit_lsn}`;
    this.commit_lsn = commit_lsn;
    this.committed_ms = Number(committed_us / 1000n);
    this.committed_ms_text = String(this.committed_ms);
    this.traceparent = traceparentOf(epoch, commit_lsn);
    this.#position_prefix = formatSourcePosition({ epoch, commit_lsn, index: 0 }).slice(0, -1);
    this.envelopes = new EnvelopeWriter({
      ...{ xid, lsn: commit_lsn, committed_us, processed_ms },
      position_prefix: this.#position_prefix,
      transaction_id: this.id,
    });
  }

  /** Each record of the transaction, tombstones and marks too, has an index of its own. */
  takeIndex(): number {
    return this.#next_index++;
  }

  position(index: number): string {
    return `${this.#position_prefix}${index}`;
  }

  /** Counts a change and gives its number among those of its table. */
  count(table_name: string, partition: number): number {
    let table = this.#counts.get(table_name);
    if (table === undefined) this.#counts.set(table_name, (table = { changes: 0, partitions: {} }));
    table.partitions[partition] = (table.partitions[partition] ?? 0) + 1;
    table.changes += 1;
    this.changes += 1;
    return table.changes;
  }

  /** BEGIN or END as it stands on the transaction topic. */
  mark(status: 'BEGIN' | 'END', index: number): string {
    const { id, committed_ms: ts_ms } = this;
    const position = this.position(index);
    const begin = { status, id, ts_ms, event_count: null, data_collections: null, position };
    if (status === 'BEGIN') return JSON.stringify(begin satisfies TransactionMark);
    const data_collections = [...this.#counts].map(([data_collection, { changes, partitions }]) => ({
      data_collection,
      event_count: changes,
      partitions,
    }));
    return JSON.stringify({ ...begin, event_count: this.changes, data_collections } satisfies TransactionMark);
  }
}
