import type { LedgerEntry } from './stock-store';

const PACE_WINDOW_MS = 10 * 60_000;
const MINUTE_MS = 60_000;

/** What the ledger's last minutes say. */
export interface SalesPace {
  /** Units sold each minute, by SKU. */
  readonly per_minute: ReadonlyMap<string, number>;
  /** Holds granted in the last minute. */
  readonly grants_last_minute: number;
}

/**
 * The pace of sales from the movements that the page holds: at most ten minutes, or as far back as they reach. A sale
 * is a unit that left the shelf (`commit`), or a negative adjustment where tills book straight on the ledger.
 */
export function salesPace(newest_first: Iterable<LedgerEntry>, event_now_ms: number): SalesPace {
  const sold = new Map<string, number>();
  let grants = 0;
  let reach_ms = MINUTE_MS;
  for (const { row } of newest_first) {
    const age_ms = event_now_ms - row.event_ms;
    if (age_ms > PACE_WINDOW_MS) continue;
    reach_ms = Math.max(reach_ms, age_ms);
    if (row.kind === 'reserve' && age_ms <= MINUTE_MS) grants += 1;
    if ((row.kind === 'commit' || row.kind === 'adjustment') && row.on_hand_delta < 0) {
      sold.set(row.sku, (sold.get(row.sku) ?? 0) - row.on_hand_delta);
    }
  }
  const minutes = reach_ms / MINUTE_MS;
  return { per_minute: new Map([...sold].map(([sku, units]) => [sku, units / minutes])), grants_last_minute: grants };
}
