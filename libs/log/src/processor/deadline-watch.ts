import { deferred, type Deferred } from '../consumer/deferred';
import type { Timers } from './timers';

/** Something that has to be through by a time. */
export interface Expiring {
  expires_ms: number;
  expire(): void;
  cut(error: unknown): void;
}

/**
 * What runs of one partition, and one timer for all of it: a timer for each record would cost more than the record. All get the same time, so the
 * order in which they were added is the order in which they expire.
 */
export class DeadlineWatch {
  readonly #running = new Set<Expiring>();
  #cancel: (() => void) | undefined;
  #idle: Deferred<void> | undefined;

  constructor(
    private readonly timers: Timers,
    readonly deadline_ms: number,
  ) {}

  now_ms(): number {
    return this.timers.now_ms();
  }

  /** Counts from now on, also when it is known already. */
  add(run: Expiring): void {
    this.#running.delete(run);
    run.expires_ms = this.timers.now_ms() + this.deadline_ms;
    this.#running.add(run);
    if (this.deadline_ms === Infinity) return;
    this.#cancel ??= this.timers.after(this.deadline_ms, () => this.#look());
  }

  delete(run: Expiring): void {
    if (!this.#running.delete(run) || this.#running.size > 0) return;
    this.#idle?.resolve();
    this.#idle = undefined;
  }

  /** Resolves when nothing runs. */
  async idle(): Promise<void> {
    if (this.#running.size === 0) return;
    this.#idle ??= deferred();
    await this.#idle.promise;
  }

  /** Nobody waits any more for what runs. */
  cut(error: unknown): void {
    for (const run of this.#running) run.cut(error);
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #look(): void {
    this.#cancel = undefined;
    const now_ms = this.timers.now_ms();
    for (const run of this.#running) {
      if (run.expires_ms > now_ms) {
        this.#cancel ??= this.timers.after(run.expires_ms - now_ms, () => this.#look());
        return;
      }
      run.expire();
    }
  }
}
