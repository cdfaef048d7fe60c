import { recordHeaders, relayTopics, type SourceTable } from '@nerveline/contracts';
import {
  formatLsn,
  invariant,
  unreachable,
  type Clock,
  type Lsn,
  type OutRecord,
  type SourceEpoch,
} from '@nerveline/kernel';
import type { PartitionOf } from '../change-sink';
import type { PgoutputMessage } from '../pgoutput/messages';
import type { ResumePoint } from '../relay/resume-point';
import { envelopeWriter, type EnvelopeChange } from './envelope';
import { OpenTransaction, type Change } from './open-transaction';
import { TableEncoder } from './table-encoder';
import { parseTraceparent, TRACEPARENT_PREFIX } from './trace-context';

/** Takes the records of one transaction after the other. */
export interface TransactionReceiver {
  begin(commit_lsn: Lsn): void;
  push(record: OutRecord, size_bytes: number): void;
  end(end_lsn: Lsn): void;
}

export interface TransactionEncoderOptions {
  readonly epoch: SourceEpoch;
  readonly database: string;
  readonly tables: readonly SourceTable[];
  readonly partitionOf: PartitionOf;
  /** What is in the log already and isn't written again. */
  readonly resume: ResumePoint;
  readonly clock: Clock;
  readonly receiver: TransactionReceiver;
}

/** Counts since the encoder was made. */
export interface EncoderCounts {
  readonly transactions: number;
  readonly changes: number;
  /** Records that the log had already. */
  readonly dropped_records: number;
  /** Changes of published tables that nobody declared in the contracts. */
  readonly undeclared_changes: number;
}

const HEADER_BYTES = 200;

/**
 * Turns the messages of pgoutput into records: Debezium envelopes on the change topics, a tombstone behind each delete,
 * BEGIN and END on the transaction topic. Every record of a transaction has an index of its own, so that positions
 * strictly increase in each partition.
 */
export class TransactionEncoder {
  readonly #tables: ReadonlyMap<string, SourceTable>;
  readonly #encoders = new Map<number, TableEncoder | undefined>();
  readonly #counts = { transactions: 0, changes: 0, dropped_records: 0, undeclared_changes: 0 };
  #open: OpenTransaction | undefined;
  #skipped = false;

  constructor(private readonly options: TransactionEncoderOptions) {
    this.#tables = new Map(options.tables.map((table) => [`${table.schema}.${table.table}`, table]));
  }

  get counts(): EncoderCounts {
    return this.#counts;
  }

  /** @throws NervelineError `NL-CDC-013`, `NL-CDC-014`, `NL-CDC-019` */
  handle(message: PgoutputMessage): void {
    switch (message.kind) {
      case 'begin':
        return this.#begin(message);
      case 'commit':
        return this.#commit(message);
      case 'relation':
        return this.#declare(message);
      case 'insert':
      case 'update':
      case 'delete':
        return this.#row(message);
      case 'truncate':
        return this.#truncate(message);
      case 'message':
        return this.#logicalMessage(message);
      case 'origin':
      case 'type':
        return;
      default:
        unreachable(message);
    }
  }

  #begin(message: PgoutputMessage & { kind: 'begin' }): void {
    invariant(this.#open === undefined, 'a transaction begins inside another');
    this.#open = new OpenTransaction(this.options.epoch, message, this.options.clock.now_ms());
    this.#skipped = this.options.resume.isBelowFloor(message.commit_lsn);
    this.#counts.transactions += 1;
    this.options.receiver.begin(message.commit_lsn);
  }

  #commit(message: PgoutputMessage & { kind: 'commit' }): void {
    const transaction = this.#transaction();
    if (transaction.changes > 0) this.#mark(transaction, 'END');
    this.#open = undefined;
    this.options.receiver.end(message.end_lsn);
  }

  #declare({ relation }: PgoutputMessage & { kind: 'relation' }): void {
    const source = this.#tables.get(`${relation.schema}.${relation.table}`);
    this.#encoders.set(relation.relation_oid, source === undefined ? undefined : new TableEncoder(relation, source));
  }

  #row(message: PgoutputMessage & { kind: 'insert' | 'update' | 'delete' }): void {
    const transaction = this.#transaction();
    const table = this.#encoder(message.relation_oid);
    if (table === undefined) {
      this.#counts.undeclared_changes += 1;
      transaction.takeIndex();
      return;
    }
    switch (message.kind) {
      case 'insert':
        return this.#write(table, { op: 'c', after: message.after });
      case 'delete':
        return this.#delete(table, message.before);
      case 'update':
        return this.#update(table, message);
    }
  }

  #update(table: TableEncoder, { before, after }: PgoutputMessage & { kind: 'update' }): void {
    if (before !== undefined) {
      const old_key = table.recordKey(table.keyOf(before.tuple));
      if (old_key !== table.recordKey(table.keyOf(after, before.tuple))) {
        // A changed key is another record: the old one goes, the new one comes, each in its own partition.
        this.#delete(table, before);
        return this.#write(table, { op: 'c', after, known: before.tuple });
      }
    }
    return this.#write(table, { op: 'u', before, after, known: before?.tuple });
  }

  #delete(table: TableEncoder, before: Change['before'] & {}): void {
    this.#write(table, { op: 'd', before });
    const transaction = this.#transaction();
    const { record_key, partition } = this.#address(table, { op: 'd', before });
    this.#emit(transaction, { topic: table.topic, partition, key: record_key, index: transaction.takeIndex() }, null);
  }

  #write(table: TableEncoder, change: Change): void {
    const transaction = this.#transaction();
    const { record_key, partition } = this.#address(table, change);
    this.#writeTo(transaction, table, { change, key: record_key, partition });
  }

  #writeTo(
    transaction: OpenTransaction,
    table: TableEncoder,
    target: { change: Change; key: string | null; partition: number },
  ): void {
    if (transaction.changes === 0) this.#mark(transaction, 'BEGIN');
    const { change, key, partition } = target;
    const index = transaction.takeIndex();
    const block = transaction.count(table.table_name, partition);
    this.#counts.changes += 1;
    this.#emit(transaction, { topic: table.topic, partition, key, index }, () =>
      this.#envelope(
        transaction,
        table,
      )({
        op: change.op,
        before: change.before === undefined ? 'null' : table.oldRow(change.before),
        after: change.after === undefined ? 'null' : table.row(change.after, change.known),
        position: transaction.position(index),
        transaction: block,
      }),
    );
  }

  /** A truncate concerns every key: each partition gets it, with no key. */
  #truncate(message: PgoutputMessage & { kind: 'truncate' }): void {
    const transaction = this.#transaction();
    for (const relation_oid of message.relation_oids) {
      const table = this.#encoder(relation_oid);
      for (let partition = 0; partition < (table?.partitions ?? 0); partition++) {
        if (table !== undefined) this.#writeTo(transaction, table, { change: { op: 't' }, key: null, partition });
      }
    }
  }

  #logicalMessage(message: PgoutputMessage & { kind: 'message' }): void {
    if (!message.transactional || message.prefix !== TRACEPARENT_PREFIX) return;
    const traceparent = parseTraceparent(message.content);
    if (traceparent !== undefined) this.#transaction().traceparent = traceparent;
  }

  #mark(transaction: OpenTransaction, status: 'BEGIN' | 'END'): void {
    const index = transaction.takeIndex();
    const topic = relayTopics.transactions.name;
    this.#emit(transaction, { topic, partition: 0, key: transaction.id, index }, () => transaction.mark(status, index));
  }

  #emit(
    transaction: OpenTransaction,
    at: { topic: string; partition: number; key: string | null; index: number },
    value: (() => string) | null,
  ): void {
    const { topic, partition, key, index } = at;
    const { resume, receiver } = this.options;
    if (this.#skipped || resume.isInLog({ topic, partition, commit_lsn: transaction.commit_lsn, index })) {
      this.#counts.dropped_records += 1;
      return;
    }
    const bytes = value === null ? null : Buffer.from(value(), 'utf8');
    const headers = {
      [recordHeaders.source_position]: transaction.position(index),
      [recordHeaders.committed_ms]: transaction.committed_ms_text,
      [recordHeaders.transaction_id]: transaction.id,
      [recordHeaders.traceparent]: transaction.traceparent,
    };
    const record = { topic, partition, key, value: bytes, headers, timestamp_ms: transaction.committed_ms };
    receiver.push(record, (bytes?.length ?? 0) + (key?.length ?? 0) + HEADER_BYTES);
  }

  #address(table: TableEncoder, change: Change): { record_key: string; partition: number } {
    const key =
      change.after === undefined ? table.keyOf(change.before?.tuple ?? []) : table.keyOf(change.after, change.known);
    const partition = this.options.partitionOf(table.orderKey(key), table.partitions);
    return { record_key: table.recordKey(key), partition };
  }

  #envelope(transaction: OpenTransaction, table: TableEncoder): (change: EnvelopeChange) => string {
    return transaction.writerFor(table.table_name, () =>
      envelopeWriter({ ...transaction.origin, database: this.options.database }, table.relation),
    );
  }

  #encoder(relation_oid: number): TableEncoder | undefined {
    invariant(this.#encoders.has(relation_oid), `relation ${relation_oid} was never described`);
    return this.#encoders.get(relation_oid);
  }

  #transaction(): OpenTransaction {
    invariant(
      this.#open !== undefined,
      `a change outside a transaction, at ${formatLsn(this.options.resume.floor_lsn)}`,
    );
    return this.#open;
  }
}
