/*
 * Kafka's variable-length integers (zig-zag, seven bits a byte), as plain numbers: lengths, and differences of times and
 * offsets stay below 2^53. On the path of every record, so no objects.
 */

export function varintSize(value: number): number {
  let rest = value >= 0 ? value * 2 : -value * 2 - 1;
  let size_bytes = 1;
  while (rest > 0x7f) {
    rest = Math.floor(rest / 128);
    size_bytes += 1;
  }
  return size_bytes;
}

/** Writes and gives the position behind. */
export function writeVarint(bytes: Buffer, at: number, value: number): number {
  let rest = value >= 0 ? value * 2 : -value * 2 - 1;
  let position = at;
  while (rest > 0x7f) {
    bytes[position] = (rest % 128) | 0x80;
    position += 1;
    rest = Math.floor(rest / 128);
  }
  bytes[position] = rest;
  return position + 1;
}

/** Reads one after another from a buffer. */
export class VarintReader {
  at = 0;

  constructor(readonly bytes: Buffer) {}

  varint(): number {
    const { bytes } = this;
    let byte = bytes[this.at] ?? 0;
    this.at += 1;
    if (byte < 0x80) return (byte >>> 1) ^ -(byte & 1);
    const second = bytes[this.at] ?? 0;
    let low = byte & 0x7f;
    if (second < 0x80) {
      // Lengths of records have two bytes, most of them.
      this.at += 1;
      low |= second << 7;
      return (low >>> 1) ^ -(low & 1);
    }
    let shift = 7;
    do {
      byte = bytes[this.at] ?? 0;
      this.at += 1;
      low += shift < 28 ? (byte & 0x7f) << shift : (byte & 0x7f) * 2 ** shift;
      shift += 7;
    } while (byte >= 0x80);
    return low % 2 === 0 ? low / 2 : -(low + 1) / 2;
  }

  /** A view; null when the length is -1. */
  view(): Buffer | null {
    const length = this.varint();
    if (length < 0) return null;
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  text(): string {
    const length = this.varint();
    if (length <= 0) return '';
    this.at += length;
    return this.bytes.toString('utf8', this.at - length, this.at);
  }
}
