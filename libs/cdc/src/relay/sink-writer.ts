import { invariant, LSN_ZERO, NervelineError, type Lsn, type OutRecord } from '@nerveline/kernel';
import type { ChangeSink } from '../change-sink';
import type { TransactionReceiver } from '../debezium/transaction-encoder';
import type { ConfirmedPosition } from '../replication/confirmed-position';
import type { FaultPoint } from './relay-options';

export interface SinkWriterOptions {
  readonly sink: ChangeSink;
  readonly confirmed: ConfirmedPosition;
  /** A write takes whole transactions until it has so many bytes; a larger transaction is written in slices. */
  readonly max_batch_bytes: number;
  /** Above this, the source is paused. */
  readonly max_pending_bytes: number;
  readonly onPressure: (pressed: boolean) => void;
  readonly onFailure: (error: unknown) => void;
  readonly atFaultPoint: (point: FaultPoint) => void;
}

interface PendingTransaction {
  readonly commit_lsn: Lsn;
  end_lsn: Lsn | undefined;
  /** Of it in the queue. */
  records: number;
  bytes: number;
}

interface Waiting {
  readonly lsn: Lsn;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

interface Batch {
  readonly records: readonly OutRecord[];
  /** Transactions whose END is in it. */
  readonly transactions: number;
  readonly end_lsn: Lsn;
}

/**
 * Carries transactions into the sink in their order, one write at a time: while one is under way the next grows, so
 * that many transactions ride in one write when there are many, and none waits when there are few.
 */
export class SinkWriter implements TransactionReceiver {
  readonly counts = { writes: 0, records: 0, bytes: 0 };
  #pending: PendingTransaction[] = [];
  /** The records of all of them, in their order: a list for each would cost a small transaction more than its row. */
  #records: OutRecord[] = [];
  readonly #waiting = new Set<Waiting>();
  #pending_bytes = 0;
  /** The stream has delivered every transaction that committed below. */
  #stream_lsn: Lsn = LSN_ZERO;
  /** Transactions that committed at or above stay here: a snapshot comes first. */
  #hold_from: Lsn | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  #pumping = false;
  #pressed = false;
  #unpressed: (() => void)[] = [];
  /** Set once, by a failed write or {@link stop}: nothing is written any more. */
  #failure: Error | undefined;

  constructor(private readonly options: SinkWriterOptions) {}

  get pending_bytes(): number {
    return this.#pending_bytes;
  }

  get stream_lsn(): Lsn {
    return this.#stream_lsn;
  }

  begin(commit_lsn: Lsn): void {
    this.options.confirmed.received();
    this.#pending.push({ commit_lsn, end_lsn: undefined, records: 0, bytes: 0 });
    this.#streamReached(commit_lsn);
  }

  push(record: OutRecord, size_bytes: number): void {
    const transaction = this.#pending.at(-1);
    invariant(transaction !== undefined && transaction.end_lsn === undefined, 'a record outside a transaction');
    this.#records.push(record);
    transaction.records += 1;
    transaction.bytes += size_bytes;
    this.#pending_bytes += size_bytes;
    if (this.#pending_bytes > this.options.max_pending_bytes && !this.#pressed) {
      this.#pressed = true;
      this.options.onPressure(true);
    }
    if (transaction.bytes >= this.options.max_batch_bytes) this.#pump();
  }

  end(end_lsn: Lsn): void {
    const transaction = this.#pending.at(-1);
    invariant(transaction !== undefined && transaction.end_lsn === undefined, 'an END without its BEGIN');
    transaction.end_lsn = end_lsn;
    this.#pump();
  }

  /** Resolves when there is room for more. */
  async ready(): Promise<void> {
    if (this.#pressed) await new Promise<void>((resolve) => this.#unpressed.push(resolve));
    if (this.#failure !== undefined) throw this.#failure;
  }

  keepAlive(wal_end: Lsn): void {
    this.options.confirmed.keepAlive(wal_end);
    // Inside a transaction the server has not passed its commit yet.
    if (this.#pending.at(-1)?.end_lsn !== undefined || this.#pending.length === 0) this.#streamReached(wal_end);
  }

  /** Writes nothing that committed at or above `from`, until {@link release}. */
  hold(from: Lsn): void {
    this.#hold_from = from;
    this.#pump();
  }

  /** Writes nothing at all, until {@link hold} or {@link release}. A write that is under way still ends. */
  holdAll(): void {
    this.#hold_from = LSN_ZERO;
  }

  release(): void {
    this.#hold_from = undefined;
    this.#pump();
  }

  /** Resolves when everything that committed below `lsn` is durable; rejects when the writer ends before. */
  reached(lsn: Lsn): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) return reject(this.#failure);
      this.#waiting.add({ lsn, resolve, reject });
      this.#wake();
    });
  }

  /** Writes beside the transactions (progress, snapshot rows), after what is under way. */
  async write(makeRecords: () => readonly OutRecord[]): Promise<void> {
    const written = this.#queue.then(async () => {
      // What comes after a failed write must not claim that it succeeded: progress least of all.
      if (this.#failure !== undefined) throw this.#failure;
      const records = makeRecords();
      await this.options.sink.write(records).catch((error: unknown) => {
        throw this.#end(toError(error));
      });
      this.counts.writes += 1;
      this.counts.records += records.length;
      for (const { value } of records) this.counts.bytes += value?.length ?? 0;
    });
    this.#queue = written.catch(() => {});
    await written;
  }

  /** Lets go of what isn't written; it comes again. Resolves when no write is under way. */
  async stop(): Promise<void> {
    this.#end(new NervelineError('NL-CDC-004', { detail: 'the session ended' }));
    await this.#queue;
  }

  #end(error: Error): Error {
    this.#failure ??= error;
    for (const { reject } of this.#waiting) reject(this.#failure);
    this.#waiting.clear();
    this.#letGo();
    return this.#failure;
  }

  #letGo(): void {
    for (const resolve of this.#unpressed.splice(0)) resolve();
  }

  #pump(): void {
    if (this.#pumping || this.#failure !== undefined) return;
    this.#pumping = true;
    // Behind the data that is being decoded: one socket read often holds many transactions.
    queueMicrotask(() => {
      this.#drain().catch(this.options.onFailure);
    });
  }

  async #drain(): Promise<void> {
    for (let batch = this.#cut(); batch !== undefined; batch = this.#cut()) {
      const { records, transactions, end_lsn } = batch;
      if (records.length > 0) {
        this.options.atFaultPoint('before_append');
        await this.write(() => records);
        this.options.atFaultPoint('after_append');
      }
      this.options.confirmed.durable(transactions, end_lsn);
      this.#unpress();
      this.#wake();
    }
    // In the same turn as the last look at what is pending: a later call starts anew.
    this.#pumping = false;
    this.#wake();
  }

  /** Takes what may be written now: whole transactions, or a slice of one that is larger than a batch. */
  #cut(): Batch | undefined {
    if (this.#failure !== undefined) return undefined;
    const { max_batch_bytes } = this.options;
    let [transactions, records, bytes] = [0, 0, 0];
    let end_lsn: Lsn = LSN_ZERO;
    while (bytes < max_batch_bytes) {
      const next = this.#pending[transactions];
      if (next === undefined || (this.#hold_from !== undefined && next.commit_lsn >= this.#hold_from)) break;
      const whole = next.end_lsn !== undefined;
      if (!whole && (transactions > 0 || next.bytes < max_batch_bytes)) break;
      records += next.records;
      bytes += next.bytes;
      next.records = 0;
      next.bytes = 0;
      if (next.end_lsn === undefined) break;
      end_lsn = next.end_lsn;
      transactions += 1;
    }
    this.#pending_bytes -= bytes;
    if (transactions > 0) this.#pending = this.#pending.slice(transactions);
    return transactions > 0 || records > 0 ? { records: this.#take(records), transactions, end_lsn } : undefined;
  }

  #take(count: number): readonly OutRecord[] {
    const records = this.#records;
    this.#records = records.slice(count);
    records.length = count;
    return records;
  }

  #streamReached(lsn: Lsn): void {
    if (lsn > this.#stream_lsn) this.#stream_lsn = lsn;
    this.#wake();
  }

  #unpress(): void {
    if (!this.#pressed || this.#pending_bytes > this.options.max_pending_bytes / 2) return;
    this.#pressed = false;
    this.options.onPressure(false);
    this.#letGo();
  }

  #wake(): void {
    const durable_lsn =
      this.options.confirmed.outstanding_transactions === 0 ? this.#stream_lsn : this.#oldestPending();
    for (const waiting of this.#waiting) {
      if (this.#stream_lsn < waiting.lsn || durable_lsn < waiting.lsn) continue;
      this.#waiting.delete(waiting);
      waiting.resolve();
    }
  }

  /** What is outstanding but no longer pending is being written: it hasn't a position to go by yet. */
  #oldestPending(): Lsn {
    const { outstanding_transactions } = this.options.confirmed;
    if (outstanding_transactions > this.#pending.length) return LSN_ZERO;
    return this.#pending[0]?.commit_lsn ?? LSN_ZERO;
  }
}

const toError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));
