import { NervelineError } from '@nerveline/kernel';

/** Reads the integers and strings of the PostgreSQL protocol, big-endian, from one message. */
export class ByteReader {
  #at = 0;

  constructor(private readonly bytes: Buffer) {}

  get remaining_bytes(): number {
    return this.bytes.length - this.#at;
  }

  uint8(): number {
    return this.bytes.readUInt8(this.#advance(1));
  }

  uint16(): number {
    return this.bytes.readUInt16BE(this.#advance(2));
  }

  int32(): number {
    return this.bytes.readInt32BE(this.#advance(4));
  }

  uint32(): number {
    return this.bytes.readUInt32BE(this.#advance(4));
  }

  int64(): bigint {
    return this.bytes.readBigInt64BE(this.#advance(8));
  }

  uint64(): bigint {
    return this.bytes.readBigUInt64BE(this.#advance(8));
  }

  /** A string that ends with a zero byte. */
  cstring(): string {
    const end = this.bytes.indexOf(0, this.#at);
    if (end < 0) throw truncated();
    const start = this.#advance(end + 1 - this.#at);
    return this.bytes.toString('utf8', start, end);
  }

  text(length_bytes: number): string {
    const start = this.#advance(length_bytes);
    return this.bytes.toString('utf8', start, start + length_bytes);
  }

  /** A view, not a copy. */
  take(length_bytes: number): Buffer {
    const start = this.#advance(length_bytes);
    return this.bytes.subarray(start, start + length_bytes);
  }

  #advance(length_bytes: number): number {
    const start = this.#at;
    if (length_bytes < 0 || start + length_bytes > this.bytes.length) throw truncated();
    this.#at = start + length_bytes;
    return start;
  }
}

const truncated = () => new NervelineError('NL-CDC-013', { detail: 'a message ends in the middle of a field' });
