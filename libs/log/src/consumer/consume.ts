import { isNervelineError, NervelineError, offset, type Offset } from '@nerveline/kernel';
import type { Consumer, ConsumerOptions } from '../ports/consumer';
import type { Log, ReadBatch } from '../ports/log';
import { backoffMs, pause } from './backoff';
import { deferred, type Deferred } from './deferred';

const DEFAULT_MAX_BATCH_BYTES = 1024 * 1024;

/**
 * Reads topics from where the group stands and hands batches to `handle`; what it gives back becomes durable together
 * with the batch's position: effect once, whatever is killed when.
 *
 * `done` rejects with what `handle` threw unless that is retriable, and with `NL-LOG-009` when retention has overtaken
 * the group.
 */
export function consume(log: Log, options: ConsumerOptions): Consumer {
  const run = new ConsumerRun(log, options);
  run.start();
  return run;
}

interface Input {
  readonly topic: string;
  readonly partition: number;
  next_offset: Offset;
}

interface Catcher {
  readonly targets: ReadonlyMap<Input, Offset>;
  readonly reached: Deferred<void>;
}

class ConsumerRun implements Consumer {
  readonly next_offsets: Record<string, number> = {};
  readonly done: Promise<void>;
  readonly #inputs: Input[] = [];
  readonly #stopping = new AbortController();
  readonly #catchers = new Set<Catcher>();
  readonly #started = deferred<void>();
  readonly #done = deferred<void>();

  constructor(
    private readonly log: Log,
    private readonly options: ConsumerOptions,
  ) {
    this.done = this.#done.promise;
  }

  start(): void {
    this.run().then(
      () => this.end(undefined),
      (error: unknown) => this.end(error),
    );
  }

  async caughtUp(): Promise<void> {
    await Promise.race([this.#started.promise, this.done]);
    if (this.#stopping.signal.aborted) throw stopped();
    const targets = new Map<Input, Offset>();
    for (const input of this.#inputs) targets.set(input, await this.tailOf(input));
    const catcher: Catcher = { targets, reached: deferred() };
    this.#catchers.add(catcher);
    this.settleCatchers();
    const end = this.done.then(() => Promise.reject(stopped()));
    await Promise.race([catcher.reached.promise, end]);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.done;
  }

  private end(error: unknown): void {
    this.#stopping.abort();
    if (error === undefined) this.#done.resolve();
    else this.#done.reject(error);
  }

  private async run(): Promise<void> {
    await this.takeUpPositions();
    this.#started.resolve();
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      let progressed = false;
      // One batch of each partition in turn: a full one doesn't keep the others waiting.
      for (const input of this.#inputs) {
        if (signal.aborted) return;
        progressed = (await this.step(input)) || progressed;
      }
      this.settleCatchers();
      if (!progressed) await this.log.waitForRecords(this.#inputs, signal);
    }
  }

  private async takeUpPositions(): Promise<void> {
    const { group, topics, from } = this.options;
    const committed = new Map((await this.log.positions(group)).map((position) => [placeOf(position), position]));
    const begun: Input[] = [];
    for (const topic of topics) {
      const count = await this.log.partitionCount(topic);
      for (let partition = 0; partition < count; partition += 1) {
        const known = committed.get(placeOf({ topic, partition }))?.next_offset;
        const input = { topic, partition, next_offset: known ?? (await this.beginningOf({ topic, partition })) };
        if (known === undefined) begun.push(input);
        this.#inputs.push(input);
        this.next_offsets[placeOf(input)] = input.next_offset;
      }
    }
    // A group that begins at the tail and dies before its first record goes on from there, not from a later tail.
    if (from === 'latest' && begun.length > 0) {
      await this.retrying(() => this.log.commit({ positions: begun.map((input) => this.positionOf(input)) }));
    }
  }

  /** Handles one batch; false when there was none. */
  private async step(input: Input): Promise<boolean> {
    const batch = await this.read(input);
    if (batch === undefined || batch.next_offset === input.next_offset) return false;
    const next = { ...input, next_offset: batch.next_offset };
    if (batch.records.length > 0) {
      const effects = await this.retrying(async () => this.options.handle(batch.records));
      if (effects === STOPPED) return false;
      const commit = { ...effects, positions: [this.positionOf(next)] };
      if ((await this.retrying(() => this.log.commit(commit))) === STOPPED) return false;
    }
    input.next_offset = next.next_offset;
    this.next_offsets[placeOf(input)] = next.next_offset;
    if (this.#catchers.size > 0) this.settleCatchers();
    return true;
  }

  private async read({ topic, partition, next_offset }: Input): Promise<ReadBatch | undefined> {
    const max_bytes = this.options.max_batch_bytes ?? DEFAULT_MAX_BATCH_BYTES;
    return unlessAbsent(this.log.read({ topic, partition, from: next_offset, max_bytes }));
  }

  /** Tries again in place, so that the order is kept, until it succeeds, fails for good, or the consumer is stopped. */
  private async retrying<T>(act: () => Promise<T>): Promise<T | typeof STOPPED> {
    for (let failures = 1; ; failures += 1) {
      try {
        return await act();
      } catch (error) {
        if (!isNervelineError(error) || !error.retriable) throw error;
        this.options.onRetry?.(error, failures);
        await pause(backoffMs(failures), this.#stopping.signal);
        if (this.#stopping.signal.aborted) return STOPPED;
      }
    }
  }

  private async beginningOf({ topic, partition }: Omit<Input, 'next_offset'>): Promise<Offset> {
    const tail = await unlessAbsent(this.log.tail(topic, partition));
    if (tail === undefined) return offset(0);
    return this.options.from === 'earliest' ? tail.start_offset : tail.next_offset;
  }

  private async tailOf({ topic, partition }: Input): Promise<Offset> {
    return (await unlessAbsent(this.log.tail(topic, partition)))?.next_offset ?? offset(0);
  }

  private positionOf({ topic, partition, next_offset }: Input) {
    return { group: this.options.group, topic, partition, next_offset, applied_above: [] };
  }

  private settleCatchers(): void {
    for (const catcher of this.#catchers) {
      const reached = [...catcher.targets].every(([input, target]) => input.next_offset >= target);
      if (!reached) continue;
      this.#catchers.delete(catcher);
      catcher.reached.resolve();
    }
  }
}

const STOPPED = Symbol('stopped');

const placeOf = ({ topic, partition }: { readonly topic: string; readonly partition: number }): string =>
  `${topic}/${partition}`;

const stopped = (): NervelineError => new NervelineError('NL-LOG-015', { detail: 'the consumer was stopped' });

/** A service that has never started has written nothing: its topics are empty. */
async function unlessAbsent<T>(result: Promise<T>): Promise<T | undefined> {
  try {
    return await result;
  } catch (error) {
    if (isNervelineError(error, 'NL-LOG-008')) return undefined;
    throw error;
  }
}
