import type {
  ChannelId,
  LocationId,
  ReservationAnswer,
  ReservationId,
  ReservationLine,
  Sku,
} from '@nerveline/contracts';
import type { Reservation } from './reservation';
import { availableOf, levelAt, type Posting, type Stock } from './stock';

export interface ReserveRequested {
  readonly reservation_id: ReservationId;
  readonly channel_id: ChannelId;
  readonly holder: string;
  readonly lines: readonly ReservationLine[];
  readonly ttl_ms: number;
  readonly event_ms: number;
  /** The event clock: an event that arrives late is held for its whole time all the same. */
  readonly clock_ms: number;
}

export type RefusedLine = Extract<ReservationAnswer, { kind: 'refused' }>['lines'][number];

export interface ReserveDecision {
  readonly answer: ReservationAnswer;
  /** Present when granted. */
  readonly reservation?: Reservation;
  readonly postings: readonly Posting[];
}

/**
 * Every line or none. A line is granted when the location has as many units available as all lines of that SKU and
 * location ask for together; a refusal names each line that failed, with what is there at this moment, or that nobody knows
 * the SKU or the location.
 */
export function reserve(
  { stock, locations }: { readonly stock: Stock; readonly locations: ReadonlySet<LocationId> },
  event: ReserveRequested,
): ReserveDecision {
  const lines = sumLines(event.lines);
  const refused = lines.flatMap(({ sku, location_id, quantity }): RefusedLine[] => {
    const known = stock.get(sku);
    if (known === undefined) return [{ sku, location_id, reason: 'unknown_sku', available: 0 }];
    if (!locations.has(location_id)) return [{ sku, location_id, reason: 'unknown_location', available: 0 }];
    const available = availableOf(levelAt(known, location_id));
    return available < quantity ? [{ sku, location_id, reason: 'insufficient_stock', available }] : [];
  });
  if (refused.length > 0) return { answer: { kind: 'refused', lines: refused }, postings: [] };

  const { reservation_id, channel_id, holder, event_ms } = event;
  const expires_at_ms = Math.max(event_ms, event.clock_ms) + event.ttl_ms;
  return {
    answer: { kind: 'granted', reservation_id, expires_at_ms },
    reservation: {
      reservation_id,
      channel_id,
      holder,
      lines,
      status: 'held',
      created_at_ms: event_ms,
      expires_at_ms,
    },
    postings: lines.map(({ sku, location_id, quantity }) => ({
      sku,
      location_id,
      kind: 'reserve' as const,
      on_hand_delta: 0,
      reserved_delta: quantity,
      reservation_id,
      channel_id,
      reason: null,
      event_ms,
    })),
  };
}

/** One line for each SKU and location, in their order: the same SKU on two lines is one demand. */
export function sumLines(lines: readonly ReservationLine[]): ReservationLine[] {
  const sums = new Map<Sku, Map<LocationId, number>>();
  for (const { sku, location_id, quantity } of lines) {
    const locations = sums.get(sku) ?? new Map<LocationId, number>();
    sums.set(sku, locations.set(location_id, (locations.get(location_id) ?? 0) + quantity));
  }
  return [...sums]
    .flatMap(([sku, locations]) => [...locations].map(([location_id, quantity]) => ({ sku, location_id, quantity })))
    .toSorted((a, b) => compareTexts(a.sku, b.sku) || compareTexts(a.location_id, b.location_id));
}

const compareTexts = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
