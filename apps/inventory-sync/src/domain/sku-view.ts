import type { LocationId } from '@nerveline/contracts';
import { availableOf, type Level } from './stock';

/** What a ledger entry says about a location. */
export interface LedgerFact {
  readonly entry: number;
  readonly location_id: LocationId;
  readonly on_hand_after: number;
  readonly reserved_after: number;
  readonly event_ms: number;
}

/** A SKU as its ledger tells it, up to `entry`. */
export interface SkuView {
  readonly entry: number;
  readonly event_ms: number;
  /** The last that is known of each location, and the entry that told it. */
  readonly locations: Readonly<Record<LocationId, Level & { readonly entry: number }>>;
}

/** What sales channels are told of a SKU that nothing has happened to. */
export const unseen = (event_ms: number): SkuView => ({ entry: 0, event_ms, locations: {} });

/**
 * Takes an entry in. Each location keeps the newest entry about it, so that the same entries give the same view in
 * whatever order, and however often, they arrive.
 */
export function withFact(view: SkuView, fact: LedgerFact): SkuView {
  if (fact.entry <= (view.locations[fact.location_id]?.entry ?? 0)) return view;
  const is_newest = fact.entry > view.entry;
  return {
    entry: is_newest ? fact.entry : view.entry,
    event_ms: is_newest ? fact.event_ms : view.event_ms,
    locations: {
      ...view.locations,
      [fact.location_id]: { on_hand: fact.on_hand_after, reserved: fact.reserved_after, entry: fact.entry },
    },
  };
}

/** A moment in which something is sold out: it was on offer, and is no longer. What was never there can't be gone. */
export const hasSoldOut = (available_before: number, available: number): boolean =>
  available_before > 0 && available === 0;

/** What one channel may sell: today everything that is available, wherever it lies. */
export function sellable(view: SkuView): number {
  return Object.values(view.locations).reduce((sum, level) => sum + availableOf(level), 0);
}
