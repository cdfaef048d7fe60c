/*
 * Keys of an environment are bytes that sort as we read them: texts end with a zero byte, numbers are big-endian.
 */
import { offset, type Offset } from '@nerveline/kernel';

/** LMDB takes 1,978 bytes at most; what is left is for the store's or topic's name. */
export const MAX_STATE_KEY_BYTES = 1_024;
export const MAX_NAME_BYTES = 249;

/** `topic 0 partition`: the partition's entry. */
export function partitionKey(topic: string, partition: number): Buffer {
  const key = Buffer.alloc(Buffer.byteLength(topic) + 5);
  const at = key.write(topic) + 1;
  key.writeUInt32BE(partition, at);
  return key;
}

export function readPartitionKey(key: Buffer): { topic: string; partition: number } {
  const end = key.indexOf(0);
  return { topic: key.toString('utf8', 0, end), partition: key.readUInt32BE(end + 1) };
}

/** `topic 0 partition offset`: a batch, by its first offset. */
export function batchKey(topic: string, partition: number, base_offset: number): Buffer {
  const key = Buffer.alloc(Buffer.byteLength(topic) + 13);
  const at = key.write(topic) + 1;
  key.writeUInt32BE(partition, at);
  key.writeBigUInt64BE(BigInt(base_offset), at + 4);
  return key;
}

export function offsetOfBatchKey(key: Buffer): Offset {
  return offset(Number(key.readBigUInt64BE(key.length - 8)));
}

/** `group 0 topic 0 partition`: an input position. */
export function positionKey(group: string, topic: string, partition: number): Buffer {
  return Buffer.concat([textPrefix(group), partitionKey(topic, partition)]);
}

export function readPositionKey(key: Buffer): { topic: string; partition: number } {
  return readPartitionKey(key.subarray(key.indexOf(0) + 1));
}

/** `store 0 key`: an entry of keyed state. */
export function stateKey(store: string, key: string): Buffer {
  return Buffer.concat([textPrefix(store), Buffer.from(key, 'utf8')]);
}

export function readStateKey(key: Buffer): string {
  return key.toString('utf8', key.indexOf(0) + 1);
}

/** What every key begins with whose first text is this one. */
export function textPrefix(text: string): Buffer {
  return Buffer.concat([Buffer.from(text, 'utf8'), ZERO]);
}

/** The first key behind all that begin with `prefix`. */
export function behindPrefix(prefix: Buffer): Buffer {
  const end = Buffer.from(prefix);
  for (let i = end.length - 1; i >= 0; i -= 1) {
    const byte = end[i] ?? 0;
    if (byte < 0xff) {
      end[i] = byte + 1;
      return end.subarray(0, i + 1);
    }
  }
  return Buffer.alloc(MAX_STATE_KEY_BYTES, 0xff);
}

const ZERO = Buffer.from([0]);
