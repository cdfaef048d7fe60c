import type { LogRecord } from '../../../ports/log';
import type { ReadablePart } from './aborted-filter';

/** Records of one partition, read ahead for a reader that goes forward. */
export class Feed {
  /** Where the broker goes on. */
  fetch_offset: number;
  stable_offset = 0;
  /** How often the broker has told how it stands. */
  answers = 0;
  in_flight = false;
  /** The broker refused; told to the next who reads, then asked anew. */
  error: Error | undefined;
  used_ms = performance.now();
  /** How many wait for it. */
  waiters = 0;
  /** One that is read once isn't read ahead. */
  reads = 0;
  /** Not asked before this. */
  not_before_ms = 0;
  /** Asked without others: one of them spoilt an answer. */
  alone = false;
  /** Read ahead, and taken by nobody yet. */
  buffered_bytes = 0;
  #taken_bytes = 0;
  /** Those that were taken stay for a while: readers of one partition are often at the same place. */
  #chunks: Chunk[] = [];

  constructor(
    /** The broker's name. */
    readonly topic: string,
    readonly label: string,
    readonly partition: number,
    from: number,
  ) {
    this.fetch_offset = from;
  }

  /** Does it go on where a reader of this offset stands? */
  continues(from: number): boolean {
    this.dropKept();
    return from >= (this.#chunks[0]?.from ?? this.fetch_offset) && from <= this.fetch_offset;
  }

  /** Is there a record at or behind the offset, or at least an offset to go on to? */
  advances(from: number): boolean {
    return this.continues(from) && from < this.fetch_offset;
  }

  push(read: Omit<Chunk, 'taken' | 'read_ms'>): void {
    this.#chunks.push({ ...read, read_ms: performance.now(), taken: false });
    this.buffered_bytes += read.size_bytes;
    this.fetch_offset = read.next_offset;
  }

  /** The next records, in the order of the log: what is left of one chunk, at most. */
  take(from: number, limits: { readonly max_bytes: number; readonly max_records: number }): ReadablePart {
    const chunk = this.#chunks.find(({ next_offset }) => next_offset > from);
    if (chunk === undefined) return { records: [], next_offset: from };
    const { records } = chunk;
    const first = indexOf(records, from);
    const end = endOf(chunk, first, limits);
    const behind = records[end];
    if (behind !== undefined) return { records: records.slice(first, end), next_offset: behind.offset };
    this.markTaken(chunk);
    return { records: first === 0 ? records : records.slice(first), next_offset: chunk.next_offset };
  }

  private markTaken(chunk: Chunk): void {
    if (chunk.taken) return;
    chunk.taken = true;
    this.buffered_bytes -= chunk.size_bytes;
    this.#taken_bytes += chunk.size_bytes;
    this.dropKept();
  }

  /** What was taken is dropped when it is too much, or so old that the broker may have compacted it since. */
  private dropKept(): void {
    const oldest_ms = performance.now() - KEPT_MS;
    for (let first = this.#chunks[0]; first?.taken === true; first = this.#chunks[0]) {
      if (this.#taken_bytes <= KEPT_BYTES && first.read_ms >= oldest_ms) return;
      this.#taken_bytes -= first.size_bytes;
      this.#chunks.shift();
    }
  }
}

/** What has been taken and is kept for other readers, of one feed. */
const KEPT_BYTES = 1024 * 1024;
const KEPT_MS = 1_000;

/** The index behind the last record that the limits allow; at least one is. */
function endOf(
  { records, size_bytes: whole_bytes }: Chunk,
  first: number,
  { max_bytes, max_records }: { readonly max_bytes: number; readonly max_records: number },
): number {
  if (first === 0 && whole_bytes <= max_bytes && records.length <= max_records) return records.length;
  let size_bytes = 0;
  let end = first;
  for (let record = records[end]; record !== undefined; record = records[end]) {
    if (size_bytes >= max_bytes || end - first >= max_records) break;
    size_bytes += recordBytes(record);
    end += 1;
  }
  return end;
}

export interface Chunk {
  readonly from: number;
  readonly next_offset: number;
  readonly records: readonly LogRecord[];
  readonly size_bytes: number;
  readonly read_ms: number;
  taken: boolean;
}

/** What a record weighs in the bounds of reads: key, value, and little more. */
const RECORD_OVERHEAD_BYTES = 28;
const HEADER_OVERHEAD_BYTES = 10;

function recordBytes({ key, value, headers }: LogRecord): number {
  let size_bytes = (key?.length ?? 0) + (value?.length ?? 0) + RECORD_OVERHEAD_BYTES;
  for (const name in headers) size_bytes += HEADER_OVERHEAD_BYTES + name.length + (headers[name]?.length ?? 0);
  return size_bytes;
}

/** The index of the first record at or behind the offset. */
function indexOf(records: readonly LogRecord[], from: number): number {
  let low = 0;
  let high = records.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((records[middle]?.offset ?? 0) < from) low = middle + 1;
    else high = middle;
  }
  return low;
}
