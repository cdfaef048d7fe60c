/** The numbers of the rule. */
export interface StockPolicy {
  /** The most units that one location may hold of one SKU. */
  readonly max_on_hand: number;
  /** How far ahead of the event clock an event may claim to be, in wall milliseconds: a sender's clock drifts. */
  readonly max_future_ms: number;
  /** How far behind the event clock an event may be, in event milliseconds: late, but not of another age. */
  readonly max_past_ms: number;
}

export const defaultPolicy: StockPolicy = {
  max_on_hand: 1_000_000_000,
  max_future_ms: 60_000,
  max_past_ms: 31 * 24 * 3_600_000,
};
