import type { SlotState } from './slot';

/** How near a slot is to the limit of what the source may keep for it. */
export interface WalForecast {
  /** The smaller of the budget and the server's own limit; null where there is neither. */
  readonly left_bytes: number | null;
  /** When the limit is reached if the retained WAL goes on growing as it does; null while it doesn't grow. */
  readonly left_minutes: number | null;
  readonly level: 'ok' | 'near' | 'over';
}

/** From here on it is worth a warning. */
const NEAR_SHARE = 0.8;
/** Growth over about so long counts: one burst is no trend. */
const WINDOW_MS = 60_000;
const MS_PER_MINUTE = 60_000;

interface Sample {
  readonly at_ms: number;
  readonly retained_bytes: number;
}

/** Watches how much WAL a slot makes its source keep, and says when the limit will be reached. */
export class WalBudget {
  #samples: Sample[] = [];

  /** @param budget_bytes null for the server's own limit alone (`max_slot_wal_keep_size`) */
  constructor(private readonly budget_bytes: number | null) {}

  observe(state: SlotState, now_ms: number): WalForecast {
    const { retained_bytes, safe_bytes } = state;
    if (retained_bytes === null) return { left_bytes: null, left_minutes: null, level: 'ok' };
    const lefts = [...(this.budget_bytes === null ? [] : [this.budget_bytes - retained_bytes])];
    if (safe_bytes !== null) lefts.push(safe_bytes);
    const growth_per_minute = this.#growthPerMinute({ at_ms: now_ms, retained_bytes });
    const is_over = this.budget_bytes !== null && retained_bytes > this.budget_bytes;
    if (lefts.length === 0) return { left_bytes: null, left_minutes: null, level: 'ok' };
    const left_bytes = Math.max(0, Math.min(...lefts));
    const is_near = left_bytes < (1 - NEAR_SHARE) * (left_bytes + retained_bytes);
    return {
      left_bytes,
      left_minutes: growth_per_minute > 0 ? left_bytes / growth_per_minute : null,
      level: is_over ? 'over' : is_near ? 'near' : 'ok',
    };
  }

  #growthPerMinute(now: Sample): number {
    this.#samples = [...this.#samples.filter(({ at_ms }) => now.at_ms - at_ms <= WINDOW_MS), now];
    const [first = now] = this.#samples;
    const passed_ms = now.at_ms - first.at_ms;
    return passed_ms === 0 ? 0 : ((now.retained_bytes - first.retained_bytes) * MS_PER_MINUTE) / passed_ms;
  }
}
