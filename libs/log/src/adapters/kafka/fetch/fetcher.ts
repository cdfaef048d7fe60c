import { isNervelineError, NervelineError, offset, type Offset } from '@nerveline/kernel';
import type { LogRecord } from '../../../ports/log';
import { pause } from '../../../consumer/backoff';
import type { Cluster } from '../cluster/cluster';
import type { OffsetLookup } from '../cluster/offset-lookup';
import type { BrokerAddress } from '../wire/broker-connection';
import { hasCode, isTransient, kafkaErrors } from '../wire/kafka-error';
import { Feed } from './feed';
import { FetchSlots } from './fetch-slots';

export interface ReadPlace {
  /** The broker's name of the topic. */
  readonly topic: string;
  readonly label: string;
  readonly partition: number;
  readonly from: number;
}

export interface ReadLimits {
  readonly max_bytes: number;
  readonly max_records: number;
}

export interface ReadAnswer {
  readonly records: readonly LogRecord[];
  readonly next_offset: Offset;
  readonly tail_offset: Offset;
}

/** A feed that nobody has read for this long is dropped. */
const IDLE_MS = 5_000;
/** Readers of one partition that go forward at different places, and are read ahead for. */
const FEEDS_PER_PARTITION = 4;
const WATCH_MS = 1_000;
const ABSENT_RETRY_MS = 100;
const RETRY_MS = 20;

/**
 * Reads ahead for readers that go forward, and wakes those that wait. Its watchdog asks again, over a new connection, what
 * was not answered in time; positions are the reader's, so nothing is lost by it.
 */
export class Fetcher {
  readonly #feeds = new Map<string, Feed[]>();
  readonly #slots = new Map<string, FetchSlots>();
  /** Ends that this process knows of: who reads on from there may not be told that there is nothing. */
  readonly #known_ends = new Map<string, number>();
  readonly #listeners = new Set<() => void>();
  readonly #watch: NodeJS.Timeout;
  #pumping = false;
  #pump_again = false;
  #retry: NodeJS.Timeout | undefined;

  constructor(
    private readonly cluster: Cluster,
    private readonly lookup: OffsetLookup,
  ) {
    this.#watch = setInterval(() => this.watch(), WATCH_MS);
    this.#watch.unref();
  }

  /** Something was stored below this offset. */
  noteEnd(topic: string, partition: number, end: number): void {
    const place = `${topic}/${partition}`;
    if ((this.#known_ends.get(place) ?? 0) < end) this.#known_ends.set(place, end);
  }

  /** What was read ahead below the offset is gone from the log. */
  forgetBelow(topic: string, partition: number): void {
    this.#feeds.delete(`${topic}/${partition}`);
  }

  /** @throws KafkaProtocolError unknown topic; NervelineError `NL-LOG-009`, `NL-LOG-015`, `NL-LOG-020`, `NL-LOG-021` */
  async read(place: ReadPlace, limits: ReadLimits): Promise<ReadAnswer> {
    const feed = this.feedOf(place);
    feed.reads += 1;
    feed.used_ms = performance.now();
    this.throwError(feed);
    if (!feed.advances(place.from)) await this.refill(feed, place.from);
    const part = feed.take(place.from, limits);
    this.pump();
    const { records } = part;
    const next_offset = offset(part.next_offset);
    return { records, next_offset, tail_offset: offset(Math.max(feed.stable_offset, next_offset)) };
  }

  /** True as soon as one of the places has something, or an error to tell. */
  async wait(places: readonly ReadPlace[], signals: readonly AbortSignal[]): Promise<boolean> {
    const waiting = places.map((place) => ({ place, feed: this.waitOn(place) }));
    let wake: () => void = () => undefined;
    const listener = (): void => wake();
    this.#listeners.add(listener);
    for (const signal of signals) signal.addEventListener('abort', listener);
    try {
      for (;;) {
        // Made before anything is looked at: news in between must not be missed.
        const news = new Promise<void>((resolve) => (wake = resolve));
        if (signals.some(({ aborted }) => aborted)) return false;
        for (const each of waiting) {
          await this.forgiveAhead(each.feed);
          if (each.feed.continues(each.place.from)) continue;
          // Other readers of the partition have taken the feed away from here.
          this.stopWaiting(each.feed);
          each.feed = this.waitOn(each.place);
        }
        if (waiting.some(({ feed, place }) => feed.error !== undefined || feed.advances(place.from))) return true;
        this.pump();
        await news;
      }
    } finally {
      this.#listeners.delete(listener);
      for (const { feed } of waiting) this.stopWaiting(feed);
      for (const signal of signals) signal.removeEventListener('abort', listener);
    }
  }

  close(): void {
    clearInterval(this.#watch);
    clearTimeout(this.#retry);
    this.wakeAll();
  }

  private waitOn(place: ReadPlace): Feed {
    const feed = this.feedOf(place);
    feed.waiters += 1;
    return feed;
  }

  private stopWaiting(feed: Feed): void {
    feed.waiters -= 1;
    feed.used_ms = performance.now();
  }

  private feedOf({ topic, label, partition, from }: ReadPlace): Feed {
    const key = `${topic}/${partition}`;
    const feeds = this.#feeds.get(key) ?? [];
    const found = feeds.find((feed) => feed.continues(from));
    if (found !== undefined) return found;
    const feed = new Feed(topic, label, partition, from);
    // A reader that jumped leaves its old feed behind: the one that was used the longest ago goes.
    const kept = feeds.toSorted((a, b) => b.used_ms - a.used_ms).slice(0, FEEDS_PER_PARTITION - 1);
    this.#feeds.set(key, [feed, ...kept, ...feeds.filter((each) => each.waiters > 0 && !kept.includes(each))]);
    return feed;
  }

  /** Waits for an answer about this place, unless the broker is being asked already and has nothing that we know of. */
  private async refill(feed: Feed, from: number): Promise<void> {
    const known_end = this.#known_ends.get(`${feed.topic}/${feed.partition}`) ?? 0;
    if (feed.in_flight && feed.answers > 0 && from >= known_end) return;
    for (;;) {
      const { answers, in_flight } = feed;
      if (in_flight) await this.nextAnswer();
      else await this.askNow(feed);
      this.throwError(feed);
      if (feed.advances(from)) return;
      if (this.cluster.closing.aborted) throw new NervelineError('NL-LOG-015', { detail: 'the log was closed' });
      // An answer to a question that came after ours: there is nothing, unless we know better.
      if (!in_flight && feed.answers > answers && from >= Math.min(known_end, feed.stable_offset)) return;
      if (feed.answers === answers) await pause(RETRY_MS, this.cluster.closing);
    }
  }

  private async askNow(feed: Feed): Promise<void> {
    const leader = await this.cluster.persist(() => this.cluster.leaderAddress(feed));
    if (!feed.in_flight) await this.slotsOf(leader).askNow(feed);
  }

  /**
   * Who waits ahead of the end is refused by the broker, but just has to wait longer. The end may have come up to there
   * since the broker refused: only what retention took is an error.
   */
  private async forgiveAhead(feed: Feed): Promise<void> {
    if (!isNervelineError(feed.error, 'NL-LOG-009')) return;
    try {
      const { start, end } = await this.lookup.range(feed);
      if (feed.fetch_offset < start) return;
      feed.not_before_ms = feed.fetch_offset > end ? performance.now() + ABSENT_RETRY_MS : 0;
    } catch {
      return;
    }
    feed.error = undefined;
  }

  private nextAnswer(): Promise<void> {
    return new Promise((resolve) => {
      const listener = (): void => {
        this.#listeners.delete(listener);
        resolve();
      };
      this.#listeners.add(listener);
    });
  }

  private throwError(feed: Feed): void {
    const { error } = feed;
    if (error === undefined) return;
    feed.error = undefined;
    throw error;
  }

  private slotsOf(address: BrokerAddress): FetchSlots {
    const key = `${address.host}:${address.port}`;
    let slots = this.#slots.get(key);
    if (slots === undefined) {
      slots = new FetchSlots(this.cluster, address, () => {
        this.wakeAll();
        this.pump();
      });
      this.#slots.set(key, slots);
    }
    return slots;
  }

  private wakeAll(): void {
    for (const listener of [...this.#listeners]) listener();
  }

  private pump(): void {
    this.#pump_again = true;
    if (this.#pumping) return;
    this.#pumping = true;
    void this.pumpAll().finally(() => (this.#pumping = false));
  }

  private async pumpAll(): Promise<void> {
    while (this.#pump_again && !this.cluster.closing.aborted) {
      this.#pump_again = false;
      const by_leader = new Map<FetchSlots, Feed[]>();
      for (const feed of this.hungry()) {
        try {
          const slots = this.slotsOf(await this.cluster.leaderAddress(feed));
          if (!feed.in_flight) by_leader.set(slots, [...(by_leader.get(slots) ?? []), feed]);
        } catch (error) {
          feed.not_before_ms = performance.now() + ABSENT_RETRY_MS;
          // A topic that isn't there is waited for, like a broker.
          if (isTransient(error) || hasCode(error, kafkaErrors.UNKNOWN_TOPIC_OR_PARTITION))
            this.pumpLater(ABSENT_RETRY_MS);
          else feed.error = asError(error);
        }
      }
      for (const [slots, feeds] of by_leader) slots.ask(feeds);
    }
  }

  /** Feeds that are read on or waited for, and have room. Those that must wait a little are asked again later. */
  private hungry(): Feed[] {
    const now_ms = performance.now();
    const { prefetch_bytes, fetch_partition_bytes } = this.cluster.settings;
    const all = [...this.#feeds.values()].flat();
    let room_bytes = prefetch_bytes - all.reduce((sum, feed) => sum + feed.buffered_bytes, 0);
    let next_ms = Number.POSITIVE_INFINITY;
    const hungry = all.filter((feed) => {
      const wanted = feed.waiters > 0 || (feed.reads > 1 && now_ms - feed.used_ms < IDLE_MS);
      if (!wanted || feed.in_flight || feed.error !== undefined) return false;
      if (feed.buffered_bytes > fetch_partition_bytes || (room_bytes <= 0 && feed.buffered_bytes > 0)) return false;
      if (feed.not_before_ms > now_ms) {
        next_ms = Math.min(next_ms, feed.not_before_ms - now_ms);
        return false;
      }
      room_bytes -= fetch_partition_bytes;
      return true;
    });
    if (next_ms !== Number.POSITIVE_INFINITY) this.pumpLater(next_ms + 1);
    return hungry;
  }

  private pumpLater(wait_ms: number): void {
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.pump(), wait_ms);
  }

  private watch(): void {
    const now_ms = performance.now();
    for (const slots of this.#slots.values()) slots.checkSilence(now_ms);
    for (const [key, feeds] of this.#feeds) {
      const kept = feeds.filter((feed) => feed.waiters > 0 || now_ms - feed.used_ms < IDLE_MS);
      if (kept.length === 0) this.#feeds.delete(key);
      else this.#feeds.set(key, kept);
    }
    // Whoever waits is being asked for, whatever was forgotten.
    this.pump();
  }
}

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error('unknown', { cause: error }));
