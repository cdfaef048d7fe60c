import { roadArrayNames, type RoadArrays } from './road-graph';

/**
 * 64 bits over everything in the graph, as 16 hexadecimal digits (two lanes of FNV-1a over 32-bit words). It tells
 * versions of a map apart and finds damage; it is no protection against a forger.
 */
export function hashOf(arrays: RoadArrays, names: readonly string[]): string {
  let low = 0x811c9dc5;
  let high = 0x01000193;
  const mix = (word: number) => {
    low = Math.imul(low ^ word, 0x01000193);
    high = Math.imul(high ^ word, 0x85ebca6b);
    high ^= high >>> 15;
  };
  for (const name of roadArrayNames) {
    const array = arrays[name];
    mix(array.length);
    const bytes = new DataView(array.buffer, array.byteOffset, array.byteLength);
    const words = bytes.byteLength >> 2;
    for (let word = 0; word < words; word++) mix(bytes.getInt32(word * 4, true));
    for (let byte = words * 4; byte < bytes.byteLength; byte++) mix(bytes.getUint8(byte));
  }
  for (const name of names) {
    for (let index = 0; index < name.length; index++) mix(name.charCodeAt(index));
    mix(-1);
  }
  const hex = (lane: number) => (lane >>> 0).toString(16).padStart(8, '0');
  return hex(high) + hex(low);
}
