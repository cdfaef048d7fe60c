import type { TransactionMark } from '@nerveline/contracts';
import { formatSourcePosition, type Lsn, type SourceEpoch } from '@nerveline/kernel';
import type { OldTuple, Tuple } from '../pgoutput/messages';
import type { EnvelopeChange, EnvelopeOrigin } from './envelope';
import { traceparentOf } from './trace-context';

/** A change on its way into an envelope. */
export interface Change {
  readonly op: 'c' | 'u' | 'd' | 't';
  readonly before?: OldTuple | undefined;
  readonly after?: Tuple;
  /** The old tuple, for values that the update left alone. */
  readonly known?: Tuple | undefined;
}

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
  readonly origin: Omit<EnvelopeOrigin, 'database'>;
  traceparent: string;
  changes = 0;
  readonly #position_prefix: string;
  readonly #counts = new Map<string, TableCount>();
  readonly #writers = new Map<string, (change: EnvelopeChange) => string>();
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
    this.origin = { snapshot: false, xid, lsn: commit_lsn, committed_us, processed_ms };
    this.traceparent = traceparentOf(epoch, commit_lsn);
    this.#position_prefix = formatSourcePosition({ epoch, commit_lsn, index: 0 }).slice(0, -1);
  }

  /** Each record of the transaction, tombstones and marks too, has an index of its own. */
  takeIndex(): number {
    return this.#next_index++;
  }

  position(index: number): string {
    return `${this.#position_prefix}${index}`;
  }

  /** Counts a change and gives Debezium's `transaction` block for it. */
  count(table_name: string, partition: number): string {
    const table = this.#counts.get(table_name) ?? { changes: 0, partitions: {} };
    this.#counts.set(table_name, table);
    table.partitions[partition] = (table.partitions[partition] ?? 0) + 1;
    table.changes += 1;
    this.changes += 1;
    return `{"id":"${this.id}","total_order":${this.changes},"data_collection_order":${table.changes}}`;
  }

  writerFor(table_name: string, make: () => (change: EnvelopeChange) => string): (change: EnvelopeChange) => string {
    const known = this.#writers.get(table_name);
    if (known !== undefined) return known;
    const writer = make();
    this.#writers.set(table_name, writer);
    return writer;
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
