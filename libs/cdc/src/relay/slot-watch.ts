import { NervelineError } from '@nerveline/kernel';
import { dropSlot, readSlotState, type SlotState } from '../source/slot';
import type { SourceClient } from '../source/source-client';
import { WalBudget, type WalForecast } from '../source/wal-budget';
import type { ResolvedOptions } from './relay-options';

/** A slot, and how far its limit is. */
export type WatchedSlot = SlotState & WalForecast;

/** Looks at the slot from beside the stream, also while the sink is stuck: that is when its WAL grows. */
export class SlotWatch {
  readonly #budget: WalBudget;
  #level: WalForecast['level'] = 'ok';
  #looking: Promise<WatchedSlot> | undefined;

  constructor(
    private readonly catalog: SourceClient,
    private readonly options: ResolvedOptions,
  ) {
    this.#budget = new WalBudget(options.wal_budget_bytes);
  }

  /** The slot as the server sees it now; one question at a time. */
  look(): Promise<WatchedSlot> {
    this.#looking ??= this.#look().finally(() => (this.#looking = undefined));
    return this.#looking;
  }

  /**
   * Warns once when the limit is near, and acts at the budget.
   *
   * @throws NervelineError `NL-CDC-022` by the policy `stop`, `NL-CDC-023` when it dropped the slot
   */
  async check(): Promise<void> {
    const { slot, wal_budget_bytes, over_wal_budget, onEvent } = this.options;
    const { left_bytes, left_minutes, level, retained_bytes } = await this.look();
    const before = this.#level;
    this.#level = level;
    if (level === 'near' && before === 'ok') onEvent({ kind: 'wal_near_limit', slot, left_bytes, left_minutes, level });
    if (level !== 'over') return;
    const detail = `slot ${slot} makes the source keep ${retained_bytes} bytes, its budget is ${wal_budget_bytes}`;
    if (over_wal_budget === 'stop') throw new NervelineError('NL-CDC-022', { detail });
    // Before anything else ends: a sink that is stuck must not keep the source's disk filling.
    await dropSlot(this.catalog, slot);
    throw new NervelineError('NL-CDC-023', { detail });
  }

  async #look(): Promise<WatchedSlot> {
    const { slot, clock } = this.options;
    const state = await readSlotState(this.catalog, slot);
    return { ...state, ...this.#budget.observe(state, clock.now_ms()) };
  }
}
