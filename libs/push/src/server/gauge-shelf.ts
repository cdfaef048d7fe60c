import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Topic } from '@nerveline/contracts';
import { invariant, isNervelineError, offset, systemClock } from '@nerveline/kernel';
import type { PushLimits } from '../limits';
import type { RecordSource, SourceBatch } from '../ports/record-source';
import { GaugeCache } from './gauge-cache';
import type { FeedBatch, LogFeed } from './log-feed';
import { PushRecord } from './push-record';

interface Shelved {
  readonly cache: GaugeCache;
  readonly filled: Promise<void>;
  /** It has reached the feed: ticks keep it up to date from here on. */
  live: boolean;
}

/** How far a cache has read a partition. */
interface Place {
  readonly partition: number;
  next: number;
  /** A record so young was read that no tombstone behind it can have gone. */
  whole: boolean;
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
    const places = await this.#start(topic);
    for (const { partition, next } of places) shelved.cache.forgetBelow(partition, next);
    for (;;) {
      // No pause between this look and `live`: the next tick is the first that the cache doesn't have.
      const open = places.filter(({ partition, next }) => next < feed.position(topic.name, partition));
      if (open.length === 0) break;
      for (const place of open) await this.#take(topic, shelved.cache, place);
      await nextTurn();
    }
    shelved.live = true;
  }

  async #start(topic: Topic): Promise<Place[]> {
    const places: Place[] = [];
    for (let partition = 0; partition < topic.partitions; partition += 1) {
      try {
        const { start_offset: next } = await this.parts.source.tail(topic.name, partition);
        places.push({ partition, next, whole: false });
      } catch (error) {
        if (!isNervelineError(error, 'NL-LOG-008')) throw error;
        places.push({ partition, next: 0, whole: false });
      }
    }
    return places;
  }

  async #take(topic: Topic, cache: GaugeCache, place: Place): Promise<void> {
    const { source, feed, limits } = this.parts;
    const { partition } = place;
    const from = offset(place.next);
    const batch = await source.read({ topic: topic.name, partition, from, max_bytes: limits.read_bytes });
    const fed = feed.position(topic.name, partition);
    // Nobody stands behind the feed, so nothing is forgotten there.
    cache.forgetBelow(partition, Math.min(fed, this.#endOfLastGap(batch, place)));
    cache.apply(batch.records.filter((record) => record.offset < fed).map((record) => new PushRecord(topic, record)));
    place.next = Math.min(batch.next_offset, fed);
  }

  /** Behind the last gap in which a tombstone may have lain that was old enough to go; 0 without one. */
  #endOfLastGap({ records, next_offset }: SourceBatch, place: Place): number {
    const kept_since_ms = systemClock.now_ms() - this.parts.limits.tombstones_kept_ms;
    let expected = place.next;
    let end = 0;
    for (const record of records) {
      if (place.whole) return end;
      if (record.offset > expected) end = record.offset;
      place.whole = record.appended_ms > kept_since_ms;
      expected = record.offset + 1;
    }
    return !place.whole && next_offset > expected ? next_offset : end;
  }
}
