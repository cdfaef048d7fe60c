import type { Topic } from '@nerveline/contracts';
import { invariant, isNervelineError, offset, type Offset } from '@nerveline/kernel';
import type { PushLimits } from '../limits';
import type { RecordSource, SourceBatch } from '../ports/record-source';
import { mergeByAppend, PushRecord } from './push-record';

/** What one tick brought of one topic, in the order of the log. */
export interface FeedBatch {
  readonly topic: Topic;
  readonly records: readonly PushRecord[];
}

export interface FeedOptions {
  readonly source: RecordSource;
  readonly limits: PushLimits;
  /** Takes everything of one tick at once; positions already stand behind it. Must be synchronous. */
  dispatch(batches: readonly FeedBatch[]): void;
  /** The topic isn't followed any more. */
  onDropped(topic: string): void;
  onError(error: unknown): void;
}

interface Followed {
  readonly topic: Topic;
  readonly stop: AbortController;
  /** Next offset by partition. */
  readonly position: Offset[];
  /** Records behind each position, as the last read saw. */
  readonly behind: number[];
  readonly started: Promise<void>;
  users: number;
  armed: boolean;
  linger: NodeJS.Timeout | undefined;
}

/** A topic as one tick found it. */
interface TopicRead {
  readonly followed: Followed;
  readonly records: readonly PushRecord[];
  readonly next: readonly Offset[];
  readonly behind: readonly number[];
}

/** A tick lasts this many times as long as the work of the last one: fan-out leaves the process time for the rest. */
const TICK_LOAD_FACTOR = 1;
const TICK_MS_MIN = 1;
const RETRY_MS = 1_000;

/**
 * The one reader of each topic that somebody watches: it sleeps until the log has something, reads what all clients of
 * the topic share, and hands it out tick by tick.
 */
export class LogFeed {
  readonly #followed = new Map<string, Followed>();
  readonly #due = new Set<Followed>();
  #timer: NodeJS.Timeout | undefined;
  #running = false;
  #tick_ms = TICK_MS_MIN;
  #ended_ms = 0;
  #waiting_for_tick: (() => void)[] = [];
  #closed = false;

  constructor(private readonly options: FeedOptions) {}

  /** Follows a topic from its present end until the returned function is called, and a while longer. */
  async retain(topic: Topic): Promise<() => void> {
    const followed = this.#followed.get(topic.name) ?? this.#follow(topic);
    followed.users += 1;
    clearTimeout(followed.linger);
    await followed.started;
    let released = false;
    return () => {
      if (released) return;
      released = true;
      this.#release(followed);
    };
  }

  /** Where the feed stands in a topic that is retained: everything below has been handed out. */
  position(topic: string, partition: number): Offset {
    const next = this.#followed.get(topic)?.position[partition];
    invariant(next !== undefined, `${topic}/${partition} is not followed`);
    return next;
  }

  /** Records that the log has behind the feed, in one topic. */
  behind(topic: string): number {
    return (this.#followed.get(topic)?.behind ?? []).reduce((sum, count) => sum + count, 0);
  }

  /** Resolves after the next tick that reads this topic. */
  async nextTick(topic: string): Promise<void> {
    const followed = this.#followed.get(topic);
    if (followed === undefined || this.#closed) return;
    const ticked = new Promise<void>((resolve) => this.#waiting_for_tick.push(resolve));
    this.#wake(followed);
    await ticked;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    for (const followed of this.#followed.values()) this.#drop(followed);
    this.#letWaitersGo();
  }

  #follow(topic: Topic): Followed {
    const position: Offset[] = Array.from({ length: topic.partitions }, () => offset(0));
    const followed: Followed = {
      topic,
      position,
      behind: position.map(() => 0),
      stop: new AbortController(),
      started: this.#start(topic, position).then(() => this.#arm(followed)),
      users: 0,
      armed: false,
      linger: undefined,
    };
    followed.started.catch(() => this.#drop(followed));
    this.#followed.set(topic.name, followed);
    return followed;
  }

  async #start(topic: Topic, position: Offset[]): Promise<void> {
    for (const partition of position.keys()) {
      try {
        position[partition] = (await this.options.source.tail(topic.name, partition)).next_offset;
      } catch (error) {
        // Its owner has never run: whatever it writes first is at 0.
        if (!isNervelineError(error, 'NL-LOG-008')) throw error;
      }
    }
  }

  #release(followed: Followed): void {
    followed.users -= 1;
    if (followed.users > 0 || this.#closed) return;
    followed.linger = setTimeout(() => this.#drop(followed), this.options.limits.linger_ms);
    followed.linger.unref();
  }

  #drop(followed: Followed): void {
    clearTimeout(followed.linger);
    followed.stop.abort();
    this.#due.delete(followed);
    if (this.#followed.get(followed.topic.name) !== followed) return;
    this.#followed.delete(followed.topic.name);
    this.options.onDropped(followed.topic.name);
  }

  #arm(followed: Followed): void {
    const { topic, position, stop } = followed;
    if (followed.armed) return;
    followed.armed = true;
    const places = position.map((next_offset, partition) => ({ topic: topic.name, partition, next_offset }));
    this.options.source
      .waitForRecords(places, stop.signal)
      .finally(() => {
        followed.armed = false;
      })
      .then(
        (found) => found && this.#wake(followed),
        (error: unknown) => this.#retry(followed, error),
      );
  }

  #retry(followed: Followed, error: unknown): void {
    if (followed.stop.signal.aborted) return;
    if (isNervelineError(error, 'NL-LOG-008')) return this.#arm(followed);
    this.options.onError(error);
    setTimeout(() => this.#wake(followed), RETRY_MS).unref();
  }

  #wake(followed: Followed): void {
    if (followed.stop.signal.aborted) return;
    this.#due.add(followed);
    if (this.#timer !== undefined || this.#running) return;
    // The first record after a pause leaves at once; behind it a tick gathers what comes.
    const wait_ms = Math.max(0, this.#ended_ms + this.#tick_ms - performance.now());
    this.#timer = setTimeout(() => void this.#tick(), wait_ms);
  }

  async #tick(): Promise<void> {
    this.#timer = undefined;
    this.#running = true;
    const started_ms = performance.now();
    const due = [...this.#due];
    this.#due.clear();
    const reads = await Promise.all(due.map((followed) => this.#read(followed)));
    if (this.#closed) return;
    this.#handOut(reads.filter((read) => read !== undefined));
    this.#ended_ms = performance.now();
    this.#tick_ms = clamp((this.#ended_ms - started_ms) * TICK_LOAD_FACTOR, this.options.limits.tick_ms_max);
    this.#running = false;
    this.#letWaitersGo();
    for (const { followed } of reads.filter((read) => read !== undefined)) {
      if (followed.stop.signal.aborted) continue;
      if (followed.behind.some((count) => count > 0)) this.#due.add(followed);
      else this.#arm(followed);
    }
    for (const followed of this.#due) this.#wake(followed);
  }

  /**
   * Moves the positions and hands out what lies between, without a pause: whoever compares its own position with the
   * feed's at any other moment knows exactly what it will still get.
   */
  #handOut(reads: readonly TopicRead[]): void {
    for (const { followed, next, behind } of reads) {
      followed.position.splice(0, next.length, ...next);
      followed.behind.splice(0, behind.length, ...behind);
    }
    try {
      this.options.dispatch(reads.map(({ followed, records }) => ({ topic: followed.topic, records })));
    } catch (error) {
      this.options.onError(error);
    }
  }

  #letWaitersGo(): void {
    for (const resolve of this.#waiting_for_tick.splice(0)) resolve();
  }

  /** `undefined` when the log didn't answer: it is asked again a while later. */
  async #read(followed: Followed): Promise<TopicRead | undefined> {
    const { topic } = followed;
    try {
      const batches: SourceBatch[] = [];
      for (const partition of followed.position.keys()) batches.push(await this.#readPartition(followed, partition));
      return {
        followed,
        records: mergeByAppend(batches.map(({ records }) => records.map((record) => new PushRecord(topic, record)))),
        next: batches.map(({ next_offset }) => next_offset),
        behind: batches.map(({ tail_offset, next_offset }) => tail_offset - next_offset),
      };
    } catch (error) {
      this.#retry(followed, error);
      return undefined;
    }
  }

  async #readPartition(followed: Followed, partition: number): Promise<SourceBatch> {
    const { source, limits } = this.options;
    const topic = followed.topic.name;
    const from = followed.position[partition] ?? offset(0);
    const max_bytes = limits.read_bytes;
    try {
      return await source.read({ topic, partition, from, max_bytes });
    } catch (error) {
      if (!isNervelineError(error, 'NL-LOG-009')) throw error;
      // The log cut off what we hadn't read: clients that stand before it find out by their own positions.
      const { start_offset } = await source.tail(topic, partition);
      return source.read({ topic, partition, from: start_offset, max_bytes });
    }
  }
}

const clamp = (tick_ms: number, max_ms: number): number => Math.min(max_ms, Math.max(TICK_MS_MIN, tick_ms));
