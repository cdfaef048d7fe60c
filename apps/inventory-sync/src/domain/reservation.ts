import { unreachable } from '@nerveline/kernel';
import type { ChannelId, ReservationId, ReservationLine, ReservationStatus } from '@nerveline/contracts';
import type { Posting } from './stock';

export type Status = ReservationStatus['status'];

/** A hold on units, and what became of it. Its lines are summed: one for each SKU and location. */
export interface Reservation {
  readonly reservation_id: ReservationId;
  readonly channel_id: ChannelId;
  readonly holder: string;
  readonly lines: readonly ReservationLine[];
  readonly status: Status;
  readonly created_at_ms: number;
  readonly expires_at_ms: number;
}

export type Settlement = 'commit' | 'release' | 'expire';

export type SettleRefusal = 'already_expired' | 'already_released' | 'already_committed';

/** What happens to a reservation on an event. */
export type Transition =
  | { readonly kind: 'moves_to'; readonly status: Exclude<Status, 'held'> }
  | { readonly kind: 'stays' }
  /** Nobody may be told that it was sold: the caller is refused, and a hold that is overdue ends with it. */
  | { readonly kind: 'refused'; readonly reason: SettleRefusal; readonly ends_hold: boolean };

/**
 * The state machine. Every event is idempotent: the second commit of a committed reservation changes nothing and gets
 * the same answer. A hold ends once, whoever comes first.
 *
 * | state \ event  | commit              | release             | expire    |
 * |----------------|---------------------|---------------------|-----------|
 * | held           | committed           | released            | stays     |
 * | held, overdue  | refused, expired    | released            | expired   |
 * | committed      | stays               | refused             | stays     |
 * | released       | refused             | stays               | stays     |
 * | expired        | refused             | stays               | stays     |
 *
 * @param clock_ms the event clock: a hold is overdue from its `expires_at_ms` on
 */
export function transition(
  { status, expires_at_ms }: Pick<Reservation, 'status' | 'expires_at_ms'>,
  event: Settlement,
  clock_ms: number,
): Transition {
  if (status === 'held') return fromHeld(event, clock_ms >= expires_at_ms);
  if (event === 'expire' || (event === 'commit') === (status === 'committed')) return { kind: 'stays' };
  return { kind: 'refused', reason: `already_${status}`, ends_hold: false };
}

function fromHeld(event: Settlement, overdue: boolean): Transition {
  switch (event) {
    case 'commit':
      return overdue
        ? { kind: 'refused', reason: 'already_expired', ends_hold: true }
        : { kind: 'moves_to', status: 'committed' };
    case 'release':
      return { kind: 'moves_to', status: 'released' };
    case 'expire':
      return overdue ? { kind: 'moves_to', status: 'expired' } : { kind: 'stays' };
    default:
      return unreachable(event);
  }
}

/** What the end of a hold does to the stock: a sale takes the units away, the other ends make them available again. */
export function endHold(
  reservation: Reservation,
  status: Exclude<Status, 'held'>,
  { event_ms, reason = null }: { readonly event_ms: number; readonly reason?: string | null | undefined },
): Posting[] {
  const kind = ({ committed: 'commit', released: 'release', expired: 'expire' } as const)[status];
  return reservation.lines.map(({ sku, location_id, quantity }) => ({
    sku,
    location_id,
    kind,
    on_hand_delta: status === 'committed' ? -quantity : 0,
    reserved_delta: -quantity,
    reservation_id: reservation.reservation_id,
    channel_id: reservation.channel_id,
    reason,
    event_ms,
  }));
}
