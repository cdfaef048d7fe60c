import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { isNervelineError, NervelineError, type Offset } from '@nerveline/kernel';
import { crc32c } from './crc32c';
import type { BatchHeader } from './record-batch';

/*
 * A segment: the batches of a stretch of one partition, as they stood in the environment, one behind the other; then an
 * entry for each, and a foot. It is written once, synced before anybody hears of it, and never changed. All numbers
 * little-endian.
 *
 *   entry   0 f64 first offset   8 u32 last offset minus the first   12 u32 bytes   16 f64 where it begins in the file
 *   foot    0 u32 entries        4 u32 CRC-32C of the entries        8 u32 format version (1)         12 u32 mark
 */
const ENTRY_BYTES = 24;
const FOOT_BYTES = 16;
const FORMAT_VERSION = 1;
const MARK = 0x47534c4e;

/** What a read takes from the disk at once; a batch that is larger is read alone. */
const CHUNK_BYTES = 256 * 1024;

/** A batch and its place in a segment. */
interface BatchEntry {
  readonly base_offset: number;
  readonly last_offset: number;
  readonly size_bytes: number;
  readonly position: number;
}

/** Where the batches of a segment lie, in the order of their offsets. */
export class SegmentIndex {
  constructor(private readonly entries: Buffer) {}

  get count(): number {
    return this.entries.length / ENTRY_BYTES;
  }

  at(i: number): BatchEntry {
    const at = i * ENTRY_BYTES;
    const base_offset = this.entries.readDoubleLE(at);
    return {
      base_offset,
      last_offset: base_offset + this.entries.readUInt32LE(at + 8),
      size_bytes: this.entries.readUInt32LE(at + 12),
      position: this.entries.readDoubleLE(at + 16),
    };
  }

  /** The first batch that reaches an offset; the count when none does. */
  find(offset: Offset): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.at(middle).last_offset < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Writes a segment under a name that nobody looks at yet. */
export class SegmentWriter {
  readonly #entries: Buffer[] = [];
  #position = 0;

  private constructor(private readonly file: FileHandle) {}

  static async create(path: string): Promise<SegmentWriter> {
    return new SegmentWriter(await open(path, 'wx'));
  }

  get size_bytes(): number {
    return this.#position;
  }

  async add(batches: readonly { readonly batch: Buffer; readonly header: BatchHeader }[]): Promise<void> {
    for (const { batch, header } of batches) {
      const entry = Buffer.alloc(ENTRY_BYTES);
      entry.writeDoubleLE(header.base_offset, 0);
      entry.writeUInt32LE(header.last_offset - header.base_offset, 8);
      entry.writeUInt32LE(batch.length, 12);
      entry.writeDoubleLE(this.#position, 16);
      this.#entries.push(entry);
      this.#position += batch.length;
    }
    await this.file.writeFile(Buffer.concat(batches.map(({ batch }) => batch)));
  }

  /** Durable when it resolves, but for its name. */
  async finish(): Promise<void> {
    const entries = Buffer.concat(this.#entries);
    const foot = Buffer.alloc(FOOT_BYTES);
    foot.writeUInt32LE(this.#entries.length, 0);
    foot.writeUInt32LE(crc32c(entries), 4);
    foot.writeUInt32LE(FORMAT_VERSION, 8);
    foot.writeUInt32LE(MARK, 12);
    await this.file.writeFile(Buffer.concat([entries, foot]));
    await this.file.sync();
  }

  async close(): Promise<void> {
    await this.file.close();
  }
}

/** @throws NervelineError `NL-LOG-005`, `NL-LOG-006` */
export function readSegmentIndex(path: string): SegmentIndex {
  return withFile(path, (file) => {
    const size = fstatSync(file).size;
    const damaged = (what: string) => new NervelineError('NL-LOG-005', { detail: `segment ${path}: ${what}` });
    if (size < FOOT_BYTES) throw damaged('it is cut off');
    const foot = readAt(file, path, { position: size - FOOT_BYTES, length: FOOT_BYTES });
    if (foot.readUInt32LE(12) !== MARK) throw damaged('it is cut off or overwritten');
    const version = foot.readUInt32LE(8);
    if (version !== FORMAT_VERSION) {
      const detail = `segment ${path} has format ${version}, this version reads ${FORMAT_VERSION}`;
      throw new NervelineError('NL-LOG-006', { detail });
    }
    const length = foot.readUInt32LE(0) * ENTRY_BYTES;
    if (length > size - FOOT_BYTES) throw damaged('its list of batches is damaged');
    const entries = readAt(file, path, { position: size - FOOT_BYTES - length, length });
    if (crc32c(entries) !== foot.readUInt32LE(4)) throw damaged('its list of batches fails its checksum');
    return new SegmentIndex(entries);
  });
}

/** Whether an error is that of a segment whose file is not there. */
export function isMissingSegment(error: unknown): boolean {
  const cause = isNervelineError(error, 'NL-LOG-005') ? error.cause : undefined;
  return cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
}

/** The batches from the one with this number on. */
export function* readBatches(path: string, index: SegmentIndex, first: number): Generator<Buffer> {
  for (let i = first; i < index.count;) {
    const begin = index.at(i);
    let end = i + 1;
    let length = begin.size_bytes;
    while (end < index.count && length + index.at(end).size_bytes <= CHUNK_BYTES) {
      length += index.at(end).size_bytes;
      end += 1;
    }
    const chunk = withFile(path, (file) => readAt(file, path, { position: begin.position, length }));
    for (; i < end; i += 1) {
      const { position, size_bytes } = index.at(i);
      const from = position - begin.position;
      yield chunk.subarray(from, from + size_bytes);
    }
  }
}

/**
 * Opened for each read: a file that retention has removed must not live on in the handles of its readers.
 *
 * @throws NervelineError `NL-LOG-005`; its cause says whether the file is gone
 */
function withFile<T>(path: string, use: (file: number) => T): T {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (cause) {
    throw new NervelineError('NL-LOG-005', { detail: `segment ${path} can't be opened`, cause });
  }
  try {
    return use(file);
  } finally {
    closeSync(file);
  }
}

function readAt(
  file: number,
  path: string,
  { position, length }: { readonly position: number; readonly length: number },
): Buffer {
  const bytes = Buffer.allocUnsafeSlow(length);
  if (readSync(file, bytes, 0, length, position) !== length) {
    throw new NervelineError('NL-LOG-005', { detail: `segment ${path} is cut off at ${position}` });
  }
  return bytes;
}
