const SLAB_BYTES = 262_144;
/** Below this a loop is quicker than a call into the runtime. */
const SHORT_BYTES = 96;
const MAX_DIGITS = 17;
const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER);

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const ZERO = 0x30;

/** 1 for each byte that JSON wants escaped in a string. */
const ESCAPED = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte < 0x20 || byte === QUOTE || byte === BACKSLASH ? 1 : 0,
);

/**
 * Writes JSON as bytes, one record after the other into large slabs: a column's bytes go from the message of the server
 * into the record without ever being a string. (As strings, put together and encoded, a row took three times as long.)
 */
export class JsonWriter {
  #slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
  #begun = 0;
  #at = 0;

  /** A new record; what was written since the last {@link take} is dropped. */
  begin(): void {
    this.#at = this.#begun;
  }

  /** Bytes of the record so far. */
  get length(): number {
    return this.#at - this.#begun;
  }

  /** The record: a view that nothing writes to any more. */
  take(): Buffer {
    const record = this.#slab.subarray(this.#begun, this.#at);
    this.#begun = this.#at;
    return record;
  }

  /** JSON text as bytes, as they are. */
  raw(bytes: Uint8Array): void {
    if (bytes.length <= SHORT_BYTES) return this.copy(bytes, 0, bytes.length);
    this.#reserve(bytes.length);
    this.#slab.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#slab[this.#at++] = value;
  }

  /** Bytes from `start` to `end`, as they are. */
  copy(bytes: Uint8Array, start: number, end: number): void {
    const length = end - start;
    this.#reserve(length);
    const slab = this.#slab;
    let at = this.#at;
    if (length > SHORT_BYTES) slab.set(bytes.subarray(start, end), at);
    else for (let i = start; i < end; i++) slab[at++] = bytes[i] ?? 0;
    this.#at += length;
  }

  /** UTF-8 as a JSON string. */
  quoted(bytes: Buffer, start: number, end: number): void {
    this.#reserve(end - start + 2);
    const slab = this.#slab;
    let at = this.#at;
    slab[at++] = QUOTE;
    for (let i = start; i < end; i++) {
      const byte = bytes[i] ?? 0;
      if (ESCAPED[byte] === 1) {
        // Byte for character, so that what isn't ASCII passes through as it is.
        this.text(JSON.stringify(bytes.toString('latin1', start, end)), 'latin1');
        return;
      }
      slab[at++] = byte;
    }
    slab[at++] = QUOTE;
    this.#at = at;
  }

  text(text: string, encoding: 'utf8' | 'latin1' = 'utf8'): void {
    this.#reserve(encoding === 'latin1' ? text.length : text.length * 3);
    this.#at += this.#slab.write(text, this.#at, encoding);
  }

  /** Text without a character above 127, as it is. */
  ascii(text: string): void {
    this.#reserve(text.length);
    const slab = this.#slab;
    let at = this.#at;
    for (let i = 0; i < text.length; i++) slab[at++] = text.charCodeAt(i);
    this.#at = at;
  }

  integer(value: bigint): void {
    if (value >= 0n && value <= MAX_SAFE) this.digits(Number(value));
    else this.ascii(value.toString());
  }

  /** A whole number from 0 to 2^53, at least `width` digits. */
  digits(value: number, width = 1): void {
    this.#reserve(MAX_DIGITS);
    let length = width;
    for (let rest = 10 ** width; value >= rest; rest *= 10) length += 1;
    const slab = this.#slab;
    let rest = value;
    for (let at = this.#at + length - 1; at >= this.#at; at--) {
      const tenth = Math.floor(rest / 10);
      slab[at] = ZERO + (rest - tenth * 10);
      rest = tenth;
    }
    this.#at += length;
  }

  #reserve(length: number): void {
    if (this.#at + length <= this.#slab.length) return;
    const written = this.#at - this.#begun;
    const slab = Buffer.allocUnsafeSlow(Math.max(SLAB_BYTES, 2 * (written + length)));
    this.#slab.copy(slab, 0, this.#begun, this.#at);
    this.#slab = slab;
    this.#begun = 0;
    this.#at = written;
  }
}
