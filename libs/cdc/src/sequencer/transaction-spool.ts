import { randomBytes } from 'node:crypto';
import { open, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';

const HEAD_BYTES = 4;
const READ_BYTES = 1_048_576;
const INITIAL_BYTES = 8_192;

/**
 * The messages of one transaction that has not ended: the last of them in memory, what was spilled in a file without a
 * name, which the system takes back however we end.
 *
 * Each message is a 32-bit length and its bytes. A sub-transaction that is rolled back takes everything from its first
 * message on with it: until it ends, everything that the transaction does belongs to it or to one inside it.
 */
export class TransactionSpool implements AsyncDisposable {
  #memory = Buffer.allocUnsafe(INITIAL_BYTES);
  #memory_bytes = 0;
  #file: FileHandle | undefined;
  #file_bytes = 0;
  /** Where the first message of each sub-transaction stands, in their order. */
  readonly #begun = new Map<number, number>();
  /** Relation and type messages: the server doesn't repeat them when their sub-transaction is rolled back. */
  #descriptions: { readonly at: number; readonly message: Buffer }[] = [];

  get memory_bytes(): number {
    return this.#memory_bytes;
  }

  get total_bytes(): number {
    return this.#file_bytes + this.#memory_bytes;
  }

  /**
   * @param subxid of the transaction or sub-transaction that it belongs to
   * @param describes a relation or type message, which survives a rollback
   */
  append(subxid: number, message: Buffer, describes: boolean): void {
    if (!this.#begun.has(subxid)) this.#begun.set(subxid, this.total_bytes);
    if (describes) this.#descriptions.push({ at: this.total_bytes, message: Buffer.from(message) });
    this.#write(message);
  }

  /** Takes back what a sub-transaction did; nothing when it did nothing that was sent. */
  rollback(subxid: number): void {
    const from = this.#begun.get(subxid);
    if (from === undefined) return;
    for (const [other, begun] of this.#begun) if (begun >= from) this.#begun.delete(other);
    this.#memory_bytes = Math.max(0, from - this.#file_bytes);
    this.#file_bytes = Math.min(this.#file_bytes, from);
    const again = this.#descriptions.filter(({ at }) => at >= from);
    this.#descriptions = this.#descriptions.filter(({ at }) => at < from);
    for (const { message } of again) {
      this.#descriptions.push({ at: this.total_bytes, message });
      this.#write(message);
    }
  }

  /** Moves what is in memory to the file. */
  async spill(directory: string): Promise<void> {
    this.#file ??= await openNameless(directory);
    await writeAll(this.#file, this.#memory.subarray(0, this.#memory_bytes), this.#file_bytes);
    this.#file_bytes += this.#memory_bytes;
    this.#memory_bytes = 0;
    this.#memory = Buffer.allocUnsafe(INITIAL_BYTES);
  }

  /** All messages in their order, in parts of about a megabyte; a part is valid until the next. */
  async *parts(): AsyncGenerator<readonly Buffer[]> {
    let rest: Buffer = Buffer.alloc(0);
    for (let at = 0; at < this.#file_bytes;) {
      const size = Math.min(READ_BYTES, this.#file_bytes - at);
      const part = Buffer.allocUnsafe(rest.length + size);
      rest.copy(part);
      await readAll(this.#file, part.subarray(rest.length), at);
      at += size;
      const { messages, end } = split(part);
      rest = part.subarray(end);
      yield messages;
    }
    // A message is spilled whole: nothing is left over between file and memory.
    yield split(this.#memory.subarray(0, this.#memory_bytes)).messages;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file?.close();
  }

  #write(message: Buffer): void {
    const needed = this.#memory_bytes + HEAD_BYTES + message.length;
    if (needed > this.#memory.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.#memory.length));
      this.#memory.copy(larger, 0, 0, this.#memory_bytes);
      this.#memory = larger;
    }
    this.#memory.writeUInt32BE(message.length, this.#memory_bytes);
    message.copy(this.#memory, this.#memory_bytes + HEAD_BYTES);
    this.#memory_bytes = needed;
  }
}

function split(part: Buffer): { messages: Buffer[]; end: number } {
  const messages: Buffer[] = [];
  let at = 0;
  while (at + HEAD_BYTES <= part.length) {
    const end = at + HEAD_BYTES + part.readUInt32BE(at);
    if (end > part.length) break;
    messages.push(part.subarray(at + HEAD_BYTES, end));
    at = end;
  }
  return { messages, end: at };
}

async function openNameless(directory: string): Promise<FileHandle> {
  const path = join(directory, `nerveline-spool-${process.pid}-${randomBytes(6).toString('hex')}`);
  const file = await open(path, 'wx+', 0o600);
  await rm(path);
  return file;
}

async function writeAll(file: FileHandle, bytes: Buffer, at: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    done += (await file.write(bytes, done, bytes.length - done, at + done)).bytesWritten;
  }
}

async function readAll(file: FileHandle | undefined, into: Buffer, at: number): Promise<void> {
  for (let done = 0; done < into.length;) {
    const read = await file?.read(into, done, into.length - done, at + done);
    if (read === undefined || read.bytesRead === 0) throw new Error('a spool file is shorter than what was written');
    done += read.bytesRead;
  }
}
