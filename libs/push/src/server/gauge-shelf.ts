import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Topic } from '@nerveline/contracts';
import { invariant, isNervelineError, offset } from '@nerveline/kernel';
import type { PushLimits } from '../limits';
import type { RecordSource } from '../ports/record-source';
import { GaugeCache } from './gauge-cache';
import type { FeedBatch, LogFeed } from './log-feed';
import { PushRecord } from './push-record';

interface Shelved {
  readonly cache: GaugeCache;
  readonly filled: Promise<void>;
  /** It has reached the feed: ticks keep it up to date from here on. */
  live: boolean;
}

/** The gauge caches of all topics that somebody watches, each filled from the log once. */
export class GaugeShelf {
  readonly #shelved = new Map<string, Shelved>();

  constructor(
    private readonly parts: { readonly source: RecordSource; readonly feed: LogFeed; readonly limits: PushLimits },
  ) {}

  /**
   * Resolves when the topic's latest values are at hand. The topic must be retained.
   *
   * @throws NervelineError `NL-PSH-006` when they take too much memory
   */
  async fill(topic: Topic): Promise<void> {
    const shelved = this.#shelved.get(topic.name) ?? this.#add(topic);
    await shelved.filled;
    shelved.cache.checkBound();
  }

  get(topic: string): GaugeCache {
    const shelved = this.#shelved.get(topic);
    invariant(shelved !== undefined, `${topic} has no gauge cache`);
    return shelved.cache;
  }

  apply({ topic, records }: FeedBatch): void {
    const shelved = this.#shelved.get(topic.name);
    if (shelved?.live === true) shelved.cache.apply(records);
  }

  drop(topic: string): void {
    this.#shelved.delete(topic);
  }

  #add(topic: Topic): Shelved {
    const cache = new GaugeCache(topic, this.parts.limits);
    const shelved: Shelved = { cache, live: false, filled: Promise.resolve().then(() => this.#fillUp(topic, shelved)) };
    shelved.filled.catch(() => this.#shelved.delete(topic.name));
    this.#shelved.set(topic.name, shelved);
    return shelved;
  }

  async #fillUp(topic: Topic, shelved: Shelved): Promise<void> {
    const { feed } = this.parts;
    const position = await this.#start(topic);
    for (;;) {
      // No pause between this look and `live`: the next tick is the first that the cache doesn't have.
      const open = position.flatMap((next, partition) =>
        next < feed.position(topic.name, partition) ? [partition] : [],
      );
      if (open.length === 0) break;
      for (const partition of open)
        position[partition] = await this.#take(topic, shelved.cache, { partition, position });
      await nextTurn();
    }
    shelved.live = true;
  }

  async #start(topic: Topic): Promise<number[]> {
    const position: number[] = [];
    for (let partition = 0; partition < topic.partitions; partition += 1) {
      try {
        position.push((await this.parts.source.tail(topic.name, partition)).start_offset);
      } catch (error) {
        if (!isNervelineError(error, 'NL-LOG-008')) throw error;
        position.push(0);
      }
    }
    return position;
  }

  async #take(topic: Topic, cache: GaugeCache, at: { partition: number; position: number[] }): Promise<number> {
    const { source, feed, limits } = this.parts;
    const { partition, position } = at;
    const from = offset(position[partition] ?? 0);
    const batch = await source.read({ topic: topic.name, partition, from, max_bytes: limits.read_bytes });
    const fed = feed.position(topic.name, partition);
    cache.apply(batch.records.filter((record) => record.offset < fed).map((record) => new PushRecord(topic, record)));
    return Math.min(batch.next_offset, fed);
  }
}
