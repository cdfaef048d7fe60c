import { offset, type Offset } from '@nerveline/kernel';
import type { KeyedStore, KeyedWrite, StorePosition } from '../ports/keyed-store';

/** State that is rebuilt from the log at each start. */
export class MemoryStore implements KeyedStore {
  readonly #entries = new Map<string, Uint8Array>();
  readonly #positions = new Map<string, Offset>();

  async get(key: string): Promise<Uint8Array | undefined> {
    return this.#entries.get(key);
  }

  async getMany(keys: readonly string[]): Promise<readonly (Uint8Array | undefined)[]> {
    return keys.map((key) => this.#entries.get(key));
  }

  async *scan(prefix: string): AsyncGenerator<readonly [string, Uint8Array]> {
    const found = [...this.#entries].filter(([key]) => key.startsWith(prefix));
    // By bytes, as the other stores: JavaScript's own order of text differs from it outside the basic plane.
    yield* found.sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  }

  async apply(writes: readonly KeyedWrite[], position: StorePosition): Promise<boolean> {
    const place = `${position.topic}/${position.partition}`;
    const applied = this.#positions.get(place) ?? 0;
    if (position.next_offset <= applied) return false;
    for (const { key, value, offset: at } of writes) {
      if (at < applied) continue;
      if (value === null) this.#entries.delete(key);
      else this.#entries.set(key, value);
    }
    this.#positions.set(place, position.next_offset);
    return true;
  }

  async position(topic: string, partition: number): Promise<Offset> {
    return this.#positions.get(`${topic}/${partition}`) ?? offset(0);
  }

  async close(): Promise<void> {
    this.#entries.clear();
  }
}
