import {
  recordHeaders,
  relayTopics,
  SNAPSHOT_REQUEST_PREFIX,
  type ChangeOp,
  type SourceTable,
  type TableShape,
} from '@nerveline/contracts';
import { invariant, unreachable, type Clock, type Lsn, type OutRecord, type SourceEpoch } from '@nerveline/kernel';
import type { PartitionOf } from '../change-sink';
import type { MessageConsumer } from '../pgoutput/message-consumer';
import type { DescribingMessage } from '../pgoutput/messages';
import type { RowMessage } from '../pgoutput/row-message';
import type { ResumePoint } from '../relay/resume-point';
import { schemaTopic, shapeOf, type KnownShapes } from '../schema/known-shapes';
import { JsonWriter } from '../values/json-writer';
import { ColumnTypes, type TextTypeColumn } from './column-types';
import { EnvelopeWriter, type EnvelopePlace } from './envelope';
import { OpenTransaction } from './open-transaction';
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
  /** What the log tells of the tables' shapes. */
  readonly shapes: KnownShapes;
  readonly clock: Clock;
  readonly receiver: TransactionReceiver;
  /** A column whose type isn't PostgreSQL's own: it is carried as text. Told once. */
  readonly onTextType?: (column: TextTypeColumn) => void;
  /** Somebody asks for tables to be read anew; not again for what lies below the floor. */
  readonly onSnapshotRequest?: (content: Uint8Array, commit_lsn: Lsn) => void;
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

/** A record of a change on its way: its address, and what stands behind its rows. */
interface Place extends EnvelopePlace {
  readonly topic: string;
  readonly partition: number;
  readonly key: string | null;
}

const HEADER_BYTES = 200;

/**
 * Turns the messages of pgoutput into records: Debezium envelopes on the change topics, a tombstone behind each delete,
 * BEGIN and END on the transaction topic. Every record of a transaction has an index of its own, so that positions
 * strictly increase in each partition.
 */
export class TransactionEncoder implements MessageConsumer {
  readonly #tables: ReadonlyMap<string, SourceTable>;
  readonly #encoders = new Map<number, TableEncoder | undefined>();
  /** Shapes that came, of which no row has come yet. */
  readonly #unseen = new Map<TableEncoder, TableShape>();
  readonly #types = new ColumnTypes();
  readonly #counts = { transactions: 0, changes: 0, dropped_records: 0, undeclared_changes: 0 };
  readonly #out = new JsonWriter();
  readonly #envelopes = new EnvelopeWriter();
  #open: OpenTransaction | undefined;
  #skipped = false;

  constructor(private readonly options: TransactionEncoderOptions) {
    this.#tables = new Map(options.tables.map((table) => [`${table.schema}.${table.table}`, table]));
  }

  get counts(): EncoderCounts {
    return this.#counts;
  }

  /** @throws NervelineError `NL-CDC-013`, `NL-CDC-014`, `NL-CDC-019` */
  handle(message: DescribingMessage): void {
    switch (message.kind) {
      case 'begin':
        return this.#begin(message);
      case 'commit':
        return this.#commit(message);
      case 'relation':
        return this.#declare(message);
      case 'truncate':
        return this.#truncate(message);
      case 'message':
        return this.#logicalMessage(message);
      case 'type':
        return this.#types.name(message);
      case 'origin':
        return;
      default:
        unreachable(message);
    }
  }

  #begin(message: DescribingMessage & { kind: 'begin' }): void {
    invariant(this.#open === undefined, 'a transaction begins inside another');
    const open = new OpenTransaction(this.options.epoch, message);
    const { commit_lsn, committed_us, xid } = message;
    const { position_prefix, id } = open;
    const processed_ms = this.options.clock.now_ms();
    this.#envelopes.open({ xid, lsn: commit_lsn, committed_us, processed_ms, position_prefix, transaction_id: id });
    this.#open = open;
    this.#skipped = this.options.resume.isBelowFloor(message.commit_lsn);
    this.#counts.transactions += 1;
    this.options.receiver.begin(message.commit_lsn);
  }

  #commit(message: DescribingMessage & { kind: 'commit' }): void {
    const transaction = this.#transaction();
    if (transaction.changes > 0) this.#mark(transaction, 'END');
    this.#open = undefined;
    this.options.receiver.end(message.end_lsn);
  }

  #declare({ relation }: DescribingMessage & { kind: 'relation' }): void {
    const source = this.#tables.get(`${relation.schema}.${relation.table}`);
    const origin = { database: this.options.database, snapshot: false };
    const encoder = source && new TableEncoder(this.#types.resolve(relation), source, origin);
    const earlier = this.#encoders.get(relation.relation_oid);
    if (earlier !== undefined) this.#unseen.delete(earlier);
    this.#encoders.set(relation.relation_oid, encoder);
    if (encoder === undefined) return;
    this.#unseen.set(encoder, shapeOf(relation));
    for (const column of this.#types.takeTextColumns(relation)) this.options.onTextType?.(column);
  }

  /** @throws NervelineError `NL-CDC-013`, `NL-CDC-014`, `NL-CDC-019` */
  row(row: RowMessage): void {
    const transaction = this.#transaction();
    const table = this.#encoder(row.relation_oid);
    if (table === undefined) {
      this.#counts.undeclared_changes += 1;
      transaction.takeIndex();
      return;
    }
    if (row.kind === 'insert') this.#write(table, 'c', row);
    else if (row.kind === 'delete') this.#delete(table, row);
    else if (row.old_kind === 'none' || !changesKey(table, row)) this.#write(table, 'u', row);
    else {
      // A changed key is another record: the old one goes, the new one comes, each in its own partition.
      this.#delete(table, row);
      this.#write(table, 'c', row);
    }
  }

  #delete(table: TableEncoder, row: RowMessage): void {
    this.#write(table, 'd', row);
    const transaction = this.#transaction();
    const index = transaction.takeIndex();
    const values = table.keyOf(row.before);
    const key = table.recordKey(values);
    const partition = this.options.partitionOf(table.orderKey(values, key), table.partitions);
    if (this.#isWanted(transaction, { topic: table.topic, partition, index })) {
      this.#push(transaction, { topic: table.topic, partition, key, index }, null);
    }
  }

  #write(table: TableEncoder, op: 'c' | 'u' | 'd', row: RowMessage): void {
    const known = row.old_kind === 'none' ? undefined : row.before;
    const values = op === 'd' ? table.keyOf(row.before) : table.keyOf(row.after, known);
    const key = table.recordKey(values);
    const partition = this.options.partitionOf(table.orderKey(values, key), table.partitions);
    const place = this.#place(table, { op, key, partition });
    if (place === undefined) return;
    const out = this.#out;
    const envelopes = this.#envelopes;
    envelopes.before(out);
    if (op === 'c' || known === undefined) envelopes.none(out);
    else table.oldRow(out, row.old_kind, known);
    envelopes.after(out);
    if (op === 'd') envelopes.none(out);
    else table.row(out, row.after, known);
    this.#push(this.#transaction(), place, envelopes.end(out, place));
  }

  /** Counts a change of a table and gives it its place; undefined when the log has it already. */
  #place(
    table: TableEncoder,
    { op, key, partition }: { op: ChangeOp; key: string | null; partition: number },
  ): Place | undefined {
    const transaction = this.#transaction();
    if (transaction.changes === 0) this.#mark(transaction, 'BEGIN');
    const { topic, table_part } = table;
    const index = transaction.takeIndex();
    if (this.#unseen.size > 0) this.#announce(transaction, table, index);
    const table_order = transaction.count(table, partition);
    this.#counts.changes += 1;
    const place = { topic, partition, key, index, op, table_part, table_order, total_order: transaction.changes };
    return this.#isWanted(transaction, place) ? place : undefined;
  }

  /**
   * Tells of another shape ahead of the first row that has it. It has the index of that row: the server describes a table
   * once in each session, so an index of its own would move those behind it when the transaction comes again.
   */
  #announce(transaction: OpenTransaction, table: TableEncoder, index: number): void {
    const shape = this.#unseen.get(table);
    if (shape === undefined) return;
    this.#unseen.delete(table);
    const at = { position: transaction.position(index), ts_ms: transaction.committed_ms };
    const change = this.options.shapes.observe(table.table_name, shape, at);
    const place = { topic: schemaTopic, partition: 0, index };
    if (change === undefined || !this.#isWanted(transaction, place)) return;
    this.#push(transaction, { ...place, key: change.table }, Buffer.from(JSON.stringify(change)));
  }

  /** A truncate concerns every key: each partition gets it, with no key. */
  #truncate(message: DescribingMessage & { kind: 'truncate' }): void {
    for (const relation_oid of message.relation_oids) {
      const table = this.#encoder(relation_oid);
      for (let partition = 0; partition < (table?.partitions ?? 0); partition++) {
        if (table === undefined) continue;
        const place = this.#place(table, { op: 't', key: null, partition });
        if (place === undefined) continue;
        const transaction = this.#transaction();
        const envelopes = this.#envelopes;
        envelopes.before(this.#out);
        envelopes.none(this.#out);
        envelopes.after(this.#out);
        envelopes.none(this.#out);
        this.#push(transaction, place, envelopes.end(this.#out, place));
      }
    }
  }

  #logicalMessage(message: DescribingMessage & { kind: 'message' }): void {
    if (!message.transactional) return;
    if (message.prefix === SNAPSHOT_REQUEST_PREFIX && !this.#skipped) {
      this.options.onSnapshotRequest?.(message.content, this.#transaction().commit_lsn);
    }
    if (message.prefix !== TRACEPARENT_PREFIX) return;
    const traceparent = parseTraceparent(message.content);
    if (traceparent !== undefined) this.#transaction().traceparent = traceparent;
  }

  #mark(transaction: OpenTransaction, status: 'BEGIN' | 'END'): void {
    const place = { topic: relayTopics.transactions.name, partition: 0, index: transaction.takeIndex() };
    if (!this.#isWanted(transaction, place)) return;
    this.#out.begin();
    transaction.mark(this.#out, { envelopes: this.#envelopes, status, index: place.index });
    this.#push(transaction, { ...place, key: transaction.id }, this.#out.take());
  }

  #isWanted({ commit_lsn }: OpenTransaction, at: { topic: string; partition: number; index: number }): boolean {
    const { topic, partition, index } = at;
    if (!this.#skipped && !this.options.resume.isInLog({ topic, partition, commit_lsn, index })) return true;
    this.#counts.dropped_records += 1;
    return false;
  }

  #push(
    transaction: OpenTransaction,
    { topic, partition, key, index }: { topic: string; partition: number; key: string | null; index: number },
    value: Buffer | null,
  ): void {
    const headers = {
      [recordHeaders.source_position]: transaction.position(index),
      [recordHeaders.committed_ms]: transaction.committed_ms_text,
      [recordHeaders.transaction_id]: transaction.id,
      [recordHeaders.traceparent]: transaction.traceparent,
    };
    const record = { topic, partition, key, value, headers, timestamp_ms: transaction.committed_ms };
    this.options.receiver.push(record, (value?.length ?? 0) + (key?.length ?? 0) + HEADER_BYTES);
  }

  #encoder(relation_oid: number): TableEncoder | undefined {
    const encoder = this.#encoders.get(relation_oid);
    // The message of an invariant is put together before it is looked at: not for each row.
    if (encoder === undefined) {
      invariant(this.#encoders.has(relation_oid), `relation ${relation_oid} was never described`);
    }
    return encoder;
  }

  #transaction(): OpenTransaction {
    invariant(this.#open !== undefined, 'a change outside a transaction');
    return this.#open;
  }
}

const changesKey = (table: TableEncoder, { before, after }: RowMessage): boolean =>
  table.recordKey(table.keyOf(before)) !== table.recordKey(table.keyOf(after, before));
