import { invariant, isNervelineError, NervelineError } from '@nerveline/kernel';
import type { Outcome, StockCommand } from '../domain/command';
import type { StockPolicy } from '../domain/policy';
import { decideBatch, type DecidedCommand } from './decide-batch';
import { needsOf, type StockStore } from './stock-store';

export interface CommandQueueOptions {
  readonly store: StockStore;
  readonly policy: StockPolicy;
  /** Batches that run at the same time, each on a connection of its own. */
  readonly lanes: number;
  readonly max_batch_commands: number;
  readonly max_waiting_commands: number;
}

interface Waiting {
  readonly command: StockCommand;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: unknown) => void;
}

/** How often a batch meets another writer or a broken connection before its callers are told. */
const MAX_ATTEMPTS = 6;
const FIRST_PAUSE_MS = 5;

/**
 * Every change of stock passes here, first come, first served. A lane that is free takes all that waits, up to a batch,
 * and decides it in one transaction: under load the price of a commit is shared, and an idle service adds no wait.
 */
export class CommandQueue {
  readonly #waiting: Waiting[] = [];
  #busy_lanes = 0;
  readonly #idle: (() => void)[] = [];
  readonly #watchers: ((decided: readonly DecidedCommand[]) => void)[] = [];

  constructor(private readonly options: CommandQueueOptions) {}

  get waiting_commands(): number {
    return this.#waiting.length;
  }

  /** Calls back with each batch that was committed, behind its answers. */
  watch(onCommitted: (decided: readonly DecidedCommand[]) => void): void {
    this.#watchers.push(onCommitted);
  }

  /** @throws NervelineError `NL-INV-013`, `NL-INV-014`, `NL-INV-015` */
  submit(command: StockCommand): Promise<Outcome> {
    if (this.#waiting.length >= this.options.max_waiting_commands) {
      const detail = `${this.#waiting.length} stock commands wait`;
      return Promise.reject(new NervelineError('NL-INV-013', { detail }));
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ command, resolve, reject });
      this.#fillLanes();
    });
  }

  /** Resolves when everything that was submitted is answered. */
  async drain(): Promise<void> {
    if (this.#busy_lanes === 0) return;
    await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #fillLanes(): void {
    if (this.#busy_lanes >= this.options.lanes) return;
    this.#busy_lanes += 1;
    void this.#runLane();
  }

  async #runLane(): Promise<void> {
    // Requests of the same turn of the event loop travel together.
    await Promise.resolve();
    for (;;) {
      const batch = this.#waiting.splice(0, this.options.max_batch_commands);
      if (batch.length === 0) break;
      await this.#run(batch);
    }
    this.#busy_lanes -= 1;
    if (this.#busy_lanes === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }

  async #run(batch: readonly Waiting[]): Promise<void> {
    let decided: readonly DecidedCommand[];
    try {
      decided = await this.#commit(batch.map(({ command }) => command));
    } catch (error) {
      // One command that PostgreSQL can't take must not fail those that travelled with it.
      if (batch.length > 1 && !isNervelineError(error, 'NL-INV-014')) {
        for (const waiting of batch) await this.#run([waiting]);
      } else {
        for (const { reject } of batch) reject(error);
      }
      return;
    }
    this.#answer(batch, decided);
  }

  #answer(batch: readonly Waiting[], decided: readonly DecidedCommand[]): void {
    batch.forEach(({ resolve }, i) => {
      const done = decided[i];
      invariant(done !== undefined, 'every command has an outcome');
      resolve(done.outcome);
    });
    for (const onCommitted of this.#watchers) onCommitted(decided);
  }

  async #commit(commands: readonly StockCommand[]): Promise<readonly DecidedCommand[]> {
    const { store, policy } = this.options;
    const needs = needsOf(commands);
    for (let attempt = 1; ; attempt += 1) {
      try {
        return (await store.step(needs, (books) => decideBatch(books, commands, policy))).decided;
      } catch (error) {
        if (!isNervelineError(error) || !error.retriable || attempt >= MAX_ATTEMPTS) throw error;
        await new Promise((resolve) => setTimeout(resolve, FIRST_PAUSE_MS * 2 ** attempt));
      }
    }
  }
}
