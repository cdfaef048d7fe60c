import {
  isNervelineError,
  type Commit,
  type InputPosition,
  type OutRecord,
  type Ownership,
  type RecordPosition,
  type StateWrite,
} from '@nerveline/kernel';
import { backoffMs } from '../consumer/backoff';
import { deferred } from '../consumer/deferred';
import { isFatal, isFenced } from './error-kind';
import type { InputWindow } from './input-window';
import type { Job } from './job';
import { sleep, type Timers } from './timers';

/** What some records brought about: durable as a whole, or refused as a whole. */
export interface Outcome {
  readonly jobs: readonly Job[];
  readonly appends: readonly OutRecord[];
  readonly state: readonly StateWrite[];
  /** Gets the positions of the appends. */
  durable(positions: readonly RecordPosition[]): void;
  /** The log takes nothing like this: the fault is in the outcome. */
  refused(error: unknown): void;
}

export interface CommitterOptions {
  readonly ownership: Ownership;
  readonly timers: Timers;
  /** How long a position may wait for company. */
  interval_ms(): number;
  readonly signal: AbortSignal;
  commit(commit: Commit): Promise<readonly RecordPosition[]>;
  /** Positions that ride along with outcomes, without asking for a commit of their own. */
  extraPositions(): readonly InputPosition[];
  /** Something is durable: windows may shrink. */
  onDurable(): void;
  onRetry(error: unknown, failures: number): void;
  /** Another owner took over. */
  onFenced(error: unknown): void;
  onFatal(error: unknown): void;
}

/** What a commit says about a window. */
interface Told {
  readonly window: InputWindow;
  readonly position: InputPosition;
  readonly touches: number;
}

/** What one commit takes of what waits. */
const MAX_OUTCOMES = 2_000;
const MAX_BYTES = 4 * 1024 * 1024;

/**
 * Makes what the handlers of one partition bring about durable, together with how far they are: while one commit is on
 * its way, the next gathers.
 */
export class Committer {
  #queue: Outcome[] = [];
  readonly #dirty = new Set<InputWindow>();
  #running: Promise<void> | undefined;
  #cancelTimer: (() => void) | undefined;

  constructor(private readonly options: CommitterOptions) {}

  submit(outcome: Outcome): void {
    this.#queue.push(outcome);
    this.#start();
  }

  /** A record was settled and brought about nothing: its position may wait for company. */
  touch(window: InputWindow): void {
    window.touch();
    this.#dirty.add(window);
    if (this.#running !== undefined) return;
    const interval_ms = this.options.interval_ms();
    if (interval_ms === 0) this.#start();
    else this.#cancelTimer ??= this.options.timers.after(interval_ms, () => this.#start());
  }

  /** What waits for company waits no longer. */
  hurry(): void {
    if (this.#dirty.size > 0) this.#start();
  }

  /** Resolves when everything so far is durable, or nothing more can be. */
  async flush(): Promise<void> {
    while ((this.#queue.length > 0 || this.#dirty.size > 0) && !this.options.signal.aborted) {
      this.#start();
      await this.#running;
    }
    await this.#running;
  }

  stop(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  #start(): void {
    this.stop();
    this.#running ??= this.#run().finally(() => (this.#running = undefined));
  }

  async #run(): Promise<void> {
    // What the handlers that end in this turn bring about goes together.
    await Promise.resolve();
    while ((this.#queue.length > 0 || this.#dirty.size > 0) && !this.options.signal.aborted) {
      await this.#commit(this.#take());
    }
  }

  #take(): Outcome[] {
    let size_bytes = 0;
    let count = 0;
    while (count < Math.min(this.#queue.length, MAX_OUTCOMES) && size_bytes < MAX_BYTES) {
      const outcome = this.#queue[count];
      for (const { value } of outcome?.appends ?? []) size_bytes += value?.length ?? 0;
      for (const { value } of outcome?.state ?? []) size_bytes += value?.length ?? 0;
      count += 1;
    }
    const taken = this.#queue.slice(0, count);
    this.#queue = this.#queue.slice(count);
    return taken;
  }

  async #commit(outcomes: readonly Outcome[]): Promise<void> {
    for (const { jobs } of outcomes) {
      for (const job of jobs) {
        job.state = 'settling';
        if (job.window !== undefined) this.#dirty.add(job.window);
      }
    }
    const windows = [...this.#dirty];
    this.#dirty.clear();
    const told = windows.map((window) => ({ window, position: window.position(), touches: window.touches }));
    try {
      const placed = await this.#retrying({
        ownership: this.options.ownership,
        appends: outcomes.flatMap(({ appends }) => appends),
        state: outcomes.flatMap(({ state }) => state),
        positions: [...told.map(({ position }) => position), ...this.options.extraPositions()],
      });
      if (placed !== undefined) this.#durable(outcomes, told, placed);
    } catch (error) {
      this.#unsettle(outcomes, windows);
      await this.#refused(outcomes, error);
    }
  }

  /** Undefined when it was given up because nobody waits any more. */
  async #retrying(commit: Commit): Promise<readonly RecordPosition[] | undefined> {
    const { timers, signal } = this.options;
    for (let failures = 1; !signal.aborted; failures += 1) {
      try {
        const placed = await this.options.commit(commit);
        return signal.aborted ? undefined : placed;
      } catch (error) {
        if (!isNervelineError(error) || !error.retriable) throw error;
        if (signal.aborted) return undefined;
        this.options.onRetry(error, failures);
        await sleep(
          timers,
          backoffMs(failures, () => timers.random()),
          signal,
        );
      }
    }
    return undefined;
  }

  #durable(outcomes: readonly Outcome[], told: readonly Told[], placed: readonly RecordPosition[]): void {
    for (const { jobs } of outcomes) for (const job of jobs) job.state = 'settled';
    for (const { window, position, touches } of told) window.committed(position, touches);
    let from = 0;
    for (const outcome of outcomes) {
      outcome.durable(placed.slice(from, from + outcome.appends.length));
      from += outcome.appends.length;
    }
    this.options.onDurable();
  }

  #unsettle(outcomes: readonly Outcome[], windows: readonly InputWindow[]): void {
    for (const { jobs } of outcomes) for (const job of jobs) job.state = 'open';
    for (const window of windows) this.#dirty.add(window);
  }

  async #refused(outcomes: readonly Outcome[], error: unknown): Promise<void> {
    if (this.options.signal.aborted) return;
    if (isFenced(error)) {
      this.options.onFenced(error);
      return;
    }
    if (isFatal(error) || outcomes.length === 0) {
      this.options.onFatal(error);
      return;
    }
    if (outcomes.length === 1) {
      outcomes[0]?.refused(error);
      return;
    }
    // One of them is at fault: each stands for itself, in their order.
    for (const outcome of outcomes) {
      if (this.options.signal.aborted) return;
      await this.#commit([outcome]);
    }
  }
}

/** A promise that resolves with an outcome's positions, for those who wait for one. */
export function outcomePromise(
  outcome: Omit<Outcome, 'durable' | 'refused'>,
): [Outcome, Promise<readonly RecordPosition[]>] {
  const { promise, resolve, reject } = deferred<readonly RecordPosition[]>();
  return [{ ...outcome, durable: resolve, refused: reject }, promise];
}
