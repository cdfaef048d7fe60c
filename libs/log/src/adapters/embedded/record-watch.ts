import type { Offset } from '@nerveline/kernel';
import type { EnvironmentFile } from './environment-file';
import { partitionKey } from './keys';
import { decodeNextOffset } from './partition-entry';

export interface WaitingPosition {
  readonly topic: string;
  readonly partition: number;
  readonly next_offset: Offset;
}

/** Who waits at a position. */
export interface Watcher {
  readonly position: WaitingPosition;
  /** The position has a record. Called at each look at which it has one. */
  onRecord(): void;
  onError(error: unknown): void;
}

/**
 * Everybody in this process who waits for records of an environment. One look serves them all: when each looked by
 * itself, 16 partitions that wait cost 16 snapshots for every commit of the environment, whichever partition it was for.
 */
export class RecordWatch {
  readonly #partitions = new Map<string, { readonly key: Buffer; readonly watchers: Set<Watcher> }>();

  get isEmpty(): boolean {
    return this.#partitions.size === 0;
  }

  add(watcher: Watcher): void {
    const { topic, partition } = watcher.position;
    const id = `${topic}/${partition}`;
    const watched = this.#partitions.get(id) ?? { key: partitionKey(topic, partition), watchers: new Set() };
    watched.watchers.add(watcher);
    this.#partitions.set(id, watched);
  }

  remove(watcher: Watcher): void {
    const { topic, partition } = watcher.position;
    const id = `${topic}/${partition}`;
    const watched = this.#partitions.get(id);
    if (watched?.watchers.delete(watcher) === true && watched.watchers.size === 0) this.#partitions.delete(id);
  }

  /** @param read looks at what is durable now; undefined while there is no environment */
  look(read: <T>(look: (file: EnvironmentFile) => T) => T | undefined): void {
    if (this.isEmpty) return;
    const found: Watcher[] = [];
    try {
      read((file) => {
        for (const { key, watchers } of this.#partitions.values()) {
          const next_offset = decodeNextOffset(file.partitions.get(key));
          for (const watcher of watchers) if (next_offset > watcher.position.next_offset) found.push(watcher);
        }
      });
    } catch (error) {
      const all = [...this.#partitions.values()].flatMap(({ watchers }) => [...watchers]);
      for (const watcher of all) watcher.onError(error);
      return;
    }
    for (const watcher of found) watcher.onRecord();
  }
}
