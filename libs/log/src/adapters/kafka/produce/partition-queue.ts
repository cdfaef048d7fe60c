import type { ProduceBatch, Producer, WireRecord } from '../wire/broker-connection';

/** Records of one append that go to one partition. They become one batch, or several where they are too many. */
export interface Piece {
  readonly records: readonly WireRecord[];
  readonly size_bytes: number;
  /** Tells where its records lie: `first` is the place of the first one of this part. */
  stored(first_record: number, count: number, first_offset: number): void;
  failed(error: unknown): void;
}

interface Part {
  readonly piece: Piece;
  readonly first_record: number;
  readonly records: readonly WireRecord[];
  readonly size_bytes: number;
}

/** A batch that is being sent. It keeps its sequence until it is stored: a broker that has it drops a second one. */
export interface SentBatch extends ProduceBatch {
  readonly producer: Producer;
  readonly parts: readonly Part[];
}

/** What a batch holds at most; brokers take 1 MiB by default. */
const MAX_BATCH_BYTES = 900_000;
const SEQUENCES = 2 ** 31;

/** What waits for one partition, in order. One batch of it is on its way at a time: so nothing overtakes. */
export class PartitionQueue {
  sent: SentBatch | undefined;
  /** When the first of what waits began to wait, or the last was stored. */
  since_ms = 0;
  readonly #parts: Part[] = [];
  #producer: Producer | undefined;
  #next_sequence = 0;
  #max_batch_bytes = MAX_BATCH_BYTES;

  constructor(
    readonly topic: string,
    readonly partition: number,
  ) {}

  get waits(): boolean {
    return this.sent !== undefined || this.#parts.length > 0;
  }

  push(piece: Piece): void {
    if (!this.waits) this.since_ms = performance.now();
    this.#parts.push(...split(piece, this.#max_batch_bytes));
  }

  /** The batch to send now: the one that wasn't stored yet, or a new one. */
  next(producer: Producer): SentBatch | undefined {
    if (this.sent !== undefined || this.#parts.length === 0) return this.sent;
    if (this.#producer !== producer) {
      this.#producer = producer;
      this.#next_sequence = 0;
    }
    let size_bytes = 0;
    let taken = 0;
    for (const part of this.#parts) {
      if (taken > 0 && size_bytes + part.size_bytes > this.#max_batch_bytes) break;
      size_bytes += part.size_bytes;
      taken += 1;
    }
    const parts = this.#parts.splice(0, taken);
    const records = parts.length === 1 ? (parts[0]?.records ?? []) : parts.flatMap((part) => part.records);
    const { topic, partition } = this;
    const place = { topic, partition, first_sequence: this.#next_sequence };
    this.sent = { ...place, producer, parts, records };
    return this.sent;
  }

  stored(first_offset: number): void {
    const { sent } = this;
    if (sent === undefined) return;
    this.sent = undefined;
    this.since_ms = performance.now();
    this.#next_sequence = (this.#next_sequence + sent.records.length) % SEQUENCES;
    let at = first_offset;
    for (const { piece, first_record, records } of sent.parts) {
      piece.stored(first_record, records.length, at);
      at += records.length;
    }
  }

  /** Gives the batch up. The rest of a piece that it cuts is given up with it. */
  refuse(error: unknown): void {
    const pieces = new Set(this.sent?.parts.map(({ piece }) => piece));
    this.sent = undefined;
    for (let i = this.#parts.length - 1; i >= 0; i -= 1) {
      const part = this.#parts[i];
      if (part !== undefined && pieces.has(part.piece)) this.#parts.splice(i, 1);
    }
    for (const piece of pieces) piece.failed(error);
  }

  refuseAll(error: unknown): void {
    const pieces = new Set([...(this.sent?.parts ?? []), ...this.#parts].map(({ piece }) => piece));
    this.sent = undefined;
    this.#parts.length = 0;
    for (const piece of pieces) piece.failed(error);
  }

  /** The topic takes smaller batches than we make. False when it was one record already. */
  shrink(): boolean {
    const { sent } = this;
    if (sent === undefined || sent.records.length < 2) return false;
    const size_bytes = sent.parts.reduce((sum, part) => sum + part.size_bytes, 0);
    this.#max_batch_bytes = Math.max(1, Math.floor(Math.min(size_bytes, this.#max_batch_bytes) / 2));
    this.#parts.unshift(...sent.parts.flatMap((part) => cut(part, this.#max_batch_bytes)));
    this.sent = undefined;
    return true;
  }

  /** The broker has forgotten the producer: the batch goes under the next one, with sequences from 0 on. */
  restart(): void {
    if (this.sent !== undefined) this.#parts.unshift(...this.sent.parts);
    this.sent = undefined;
    this.#producer = undefined;
  }
}

function split(piece: Piece, max_bytes: number): Part[] {
  const { records, size_bytes } = piece;
  return cut({ piece, first_record: 0, records, size_bytes }, max_bytes);
}

/** Cuts evenly by count: records of one append are much alike. */
function cut(part: Part, max_bytes: number): Part[] {
  const { piece, records, size_bytes } = part;
  if (size_bytes <= max_bytes || records.length < 2) return [part];
  const count = Math.max(1, Math.floor((records.length * max_bytes) / size_bytes));
  const parts: Part[] = [];
  for (let i = 0; i < records.length; i += count) {
    const some = records.slice(i, i + count);
    const share = Math.ceil((size_bytes * some.length) / records.length);
    parts.push({ piece, first_record: part.first_record + i, records: some, size_bytes: share });
  }
  return parts;
}
