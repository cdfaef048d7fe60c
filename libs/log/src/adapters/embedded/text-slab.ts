import type { RecordHeaders } from '@nerveline/kernel';

/** Headers as they stand in a batch: a name and a text in turn, each behind its length. */
export interface EncodedHeaders {
  readonly count: number;
  readonly bytes: Uint8Array;
  /** Of the names and texts, without their lengths. */
  readonly text_bytes: number;
}

const SLAB_BYTES = 64 * 1024;
/** A UTF-16 unit takes three bytes of UTF-8 at most. */
const MAX_UNIT_BYTES = 3;
/** A text of so many units has a length of one byte. */
const SHORT_UNITS = Math.floor(0x7f / MAX_UNIT_BYTES);
const MAX_LENGTH_BYTES = 5;

const NO_HEADERS: EncodedHeaders = { count: 0, bytes: new Uint8Array(0), text_bytes: 0 };

/**
 * Turns texts to UTF-8 in memory that many share: a Buffer for each key, name and text took half of what an append of
 * small records with headers costs. What it gives is a view, which nobody writes again.
 */
export class TextSlab {
  #slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
  #at = 0;

  encode(text: string): Uint8Array {
    this.ensure(text.length * MAX_UNIT_BYTES);
    const from = this.#at;
    this.write(text);
    return this.view(from);
  }

  headers(headers: RecordHeaders | undefined): EncodedHeaders {
    if (headers === undefined) return NO_HEADERS;
    const names = Object.keys(headers);
    let most_bytes = 0;
    for (const name of names) {
      most_bytes += 2 * MAX_LENGTH_BYTES + (name.length + (headers[name] ?? '').length) * MAX_UNIT_BYTES;
    }
    this.ensure(most_bytes);
    const from = this.#at;
    let text_bytes = 0;
    for (const name of names) text_bytes += this.writeSized(name) + this.writeSized(headers[name] ?? '');
    return { count: names.length, bytes: this.view(from), text_bytes };
  }

  private ensure(size_bytes: number): void {
    if (this.#at + size_bytes <= this.#slab.length) return;
    this.#slab = Buffer.allocUnsafeSlow(Math.max(SLAB_BYTES, size_bytes));
    this.#at = 0;
  }

  private view(from: number): Uint8Array {
    return new Uint8Array(this.#slab.buffer, from, this.#at - from);
  }

  private writeSized(text: string): number {
    if (text.length > SHORT_UNITS) {
      this.writeVarint(Buffer.byteLength(text, 'utf8'));
      return this.write(text);
    }
    const length_at = this.#at;
    this.#at += 1;
    const size = this.write(text);
    this.#slab[length_at] = size;
    return size;
  }

  /** Letter by letter as long as they are ASCII and few: the way into Node's own encoder takes as long as 40 of them. */
  private write(text: string): number {
    const slab = this.#slab;
    const from = this.#at;
    const length = text.length;
    let i = length > SHORT_UNITS ? length + 1 : 0;
    for (; i < length; i += 1) {
      const unit = text.charCodeAt(i);
      if (unit > 0x7f) break;
      slab[from + i] = unit;
    }
    const size = i === length ? length : slab.write(text, from, 'utf8');
    this.#at = from + size;
    return size;
  }

  private writeVarint(value: number): void {
    let rest = value;
    while (rest > 0x7f) {
      this.#slab[this.#at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#slab[this.#at++] = rest;
  }
}
