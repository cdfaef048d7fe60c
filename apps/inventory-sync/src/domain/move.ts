import type { ChannelId, LocationId, Sku } from '@nerveline/contracts';
import type { StockPolicy } from './policy';
import { levelAt, type Posting, type SkuStock } from './stock';

export interface MovementRequested {
  readonly kind: 'receipt' | 'return' | 'adjustment';
  readonly sku: Sku;
  readonly location_id: LocationId;
  readonly quantity: number;
  readonly reason: string;
  readonly channel_id: ChannelId | null;
  readonly event_ms: number;
}

export type MoveRefusal = 'unknown_sku' | 'takes_away' | 'below_reserved' | 'too_many_units';

export type MoveDecision =
  { readonly kind: 'moved'; readonly posting: Posting } | { readonly kind: 'refused'; readonly reason: MoveRefusal };

/**
 * Units come in (receipt), come back (return) or are corrected (adjustment). Only an adjustment takes units away, and
 * never units that somebody holds.
 */
export function move(stock: SkuStock | undefined, event: MovementRequested, policy: StockPolicy): MoveDecision {
  if (stock === undefined) return { kind: 'refused', reason: 'unknown_sku' };
  if (event.quantity < 0 && event.kind !== 'adjustment') return { kind: 'refused', reason: 'takes_away' };
  const { on_hand, reserved } = levelAt(stock, event.location_id);
  const on_hand_after = on_hand + event.quantity;
  if (on_hand_after < reserved) return { kind: 'refused', reason: 'below_reserved' };
  if (on_hand_after > policy.max_on_hand) return { kind: 'refused', reason: 'too_many_units' };
  return {
    kind: 'moved',
    posting: {
      sku: event.sku,
      location_id: event.location_id,
      kind: event.kind,
      on_hand_delta: event.quantity,
      reserved_delta: 0,
      reservation_id: null,
      channel_id: event.channel_id,
      reason: event.reason,
      event_ms: event.event_ms,
    },
  };
}
