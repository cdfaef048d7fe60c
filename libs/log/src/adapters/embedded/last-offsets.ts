/** Keys that one pass of compaction keeps in memory, some 150 bytes each; a partition with more is compacted in parts. */
const MAX_KEYS = 1_000_000;
/** A map that grows copies itself at once: in one for a million keys that takes 50 ms, in one of these 0.1. */
const SHARDS = 512;

/** Where each key was seen last. */
export class LastOffsets {
  readonly #shards = Array.from({ length: SHARDS }, () => new Map<string, number>());
  #size = 0;

  get isFull(): boolean {
    return this.#size >= MAX_KEYS;
  }

  note(key: Uint8Array, at: number): void {
    const text = textOf(key);
    const shard = this.shardOf(text);
    const before = shard.size;
    shard.set(text, at);
    this.#size += shard.size - before;
  }

  of(key: Uint8Array): number | undefined {
    const text = textOf(key);
    return this.shardOf(text).get(text);
  }

  private shardOf(text: string): Map<string, number> {
    let hash = text.length;
    // Keys of one topic mostly differ at their end.
    for (let i = Math.max(0, text.length - 8); i < text.length; i += 1) hash = (hash * 31 + text.charCodeAt(i)) | 0;
    return this.#shards[(hash >>> 0) % SHARDS] ?? new Map<string, number>();
  }
}

const textOf = (key: Uint8Array): string => Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1');
