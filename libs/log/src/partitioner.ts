/**
 * The partition of a key, as Kafka's default partitioner computes it: writers of either adapter and foreign Kafka
 * clients agree on where a key lies.
 */
export function partitionFor(key: string | Uint8Array, partitions: number): number {
  const bytes = typeof key === 'string' ? Buffer.from(key, 'utf8') : key;
  return (murmur2(bytes) & 0x7fff_ffff) % partitions;
}

const SEED = 0x9747b28c;
const M = 0x5bd1e995;
const R = 24;

/** Kafka's variant of MurmurHash 2 (org.apache.kafka.common.utils.Utils#murmur2), a signed 32-bit integer. */
export function murmur2(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const tail = bytes.length & ~3;
  let h = SEED ^ bytes.length;
  for (let i = 0; i < tail; i += 4) {
    let k = Math.imul(view.getInt32(i, true), M);
    k ^= k >>> R;
    h = Math.imul(h, M) ^ Math.imul(k, M);
  }
  const left = bytes.length - tail;
  if (left === 3) h ^= view.getUint8(tail + 2) << 16;
  if (left >= 2) h ^= view.getUint8(tail + 1) << 8;
  if (left >= 1) h = Math.imul(h ^ view.getUint8(tail), M);
  h = Math.imul(h ^ (h >>> 13), M);
  return h ^ (h >>> 15);
}
