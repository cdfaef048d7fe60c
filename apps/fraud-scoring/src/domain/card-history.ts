import type { Coordinates } from '@nerveline/contracts';

/** A payment that counts into its card's velocity. */
export interface CountedPayment {
  readonly event_ms: number;
  readonly payment_id: string;
  /** Minor units of the policy's base currency. */
  readonly amount_base_minor: number;
  readonly location: Coordinates | null;
}

/** The payments of one card that count, in the order of (time, id), whatever order they came in. Never changed in place. */
export type CardHistory = readonly CountedPayment[];

/** How full a window is, the payment in question included. */
export interface WindowUse {
  readonly count: number;
  readonly sum_base_minor: number;
}

/** Where a payment belongs: behind everything that is before it or equal to it in (time, id). */
export function placeOf(history: CardHistory, payment: CountedPayment): number {
  let low = 0;
  let high = history.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const other = history[middle];
    if (other !== undefined && isBefore(payment, other)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The history with one payment more. */
export function withPayment(history: CardHistory, payment: CountedPayment): CardHistory {
  return history.toSpliced(placeOf(history, payment), 0, payment);
}

/**
 * The history without an earlier count of this very payment, which was asked for again under another key: it is one
 * payment, however often somebody asks.
 */
export function withoutTwin(history: CardHistory, payment: CountedPayment): CardHistory {
  for (let index = placeOf(history, payment) - 1; index >= 0; index -= 1) {
    const other = history[index];
    if (other === undefined || other.event_ms !== payment.event_ms || other.payment_id !== payment.payment_id) break;
    if (other.amount_base_minor === payment.amount_base_minor) return history.toSpliced(index, 1);
  }
  return history;
}

/** The history without what happened at `until_ms` or before. */
export function withoutOlder(history: CardHistory, until_ms: number): CardHistory {
  const first = history.findIndex(({ event_ms }) => event_ms > until_ms);
  if (first === 0) return history;
  return first < 0 ? [] : history.slice(first);
}

/**
 * The fullest window of this length that would hold the payment; count and sum each at their highest.
 *
 * A payment that comes in order has one such window, the half-open `(t - w, t]` that ends with it. A late one also lies in
 * windows that end at payments already counted, and could overfill those: looking at its own window alone, two payments
 * at one instant, or sent in reverse, would pass a limit together. So whatever the order of arrival, no window of
 * counted payments ever holds more than its limit.
 */
export function fullestWindow(history: CardHistory, payment: CountedPayment, window_ms: number): WindowUse {
  const place = placeOf(history, payment);
  let first = place;
  let sum = payment.amount_base_minor;
  // Back over the window that ends with the payment itself.
  for (; first > 0; first -= 1) {
    const earlier = history[first - 1];
    if (earlier === undefined || earlier.event_ms <= payment.event_ms - window_ms) break;
    sum += earlier.amount_base_minor;
  }
  let count = place - first + 1;
  let fullest: WindowUse = { count, sum_base_minor: sum };
  // Forth over those that end at a later payment and still reach back to this one.
  for (let end = place; end < history.length; end += 1) {
    const later = history[end];
    if (later === undefined || later.event_ms - window_ms >= payment.event_ms) break;
    count += 1;
    sum += later.amount_base_minor;
    for (; first < place; first += 1) {
      const oldest = history[first];
      if (oldest === undefined || oldest.event_ms > later.event_ms - window_ms) break;
      count -= 1;
      sum -= oldest.amount_base_minor;
    }
    fullest = {
      count: Math.max(fullest.count, count),
      sum_base_minor: Math.max(fullest.sum_base_minor, sum),
    };
  }
  return fullest;
}

function isBefore(a: CountedPayment, b: CountedPayment): boolean {
  return a.event_ms === b.event_ms ? a.payment_id < b.payment_id : a.event_ms < b.event_ms;
}
