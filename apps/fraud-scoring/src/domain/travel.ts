import { distance } from '@turf/turf';
import { placeOf, type CardHistory, type CountedPayment } from './card-history';
import type { Policy } from './policy';

/** A way that nobody can have made between two payments. */
export interface ImpossibleTravel {
  readonly distance_km: number;
  readonly duration_ms: number;
}

const MS_PER_HOUR = 3_600_000;

/**
 * Compares a payment with the nearest ones before and after it in event time that say where they were: great-circle
 * distance over time. Of two impossible ways the longer one is given.
 */
export function impossibleTravel(
  history: CardHistory,
  payment: CountedPayment,
  { max_speed_kmh, min_distance_km }: Policy['travel'],
): ImpossibleTravel | undefined {
  if (payment.location === null) return undefined;
  const place = placeOf(history, payment);
  const neighbours = [
    history.findLast((other, index) => index < place && other.location !== null),
    history.find((other, index) => index >= place && other.location !== null),
  ];
  let worst: ImpossibleTravel | undefined;
  for (const neighbour of neighbours) {
    if (neighbour === undefined) continue;
    const way = wayBetween(neighbour, payment);
    const reachable_km = (max_speed_kmh * way.duration_ms) / MS_PER_HOUR;
    if (way.distance_km < min_distance_km || way.distance_km <= reachable_km) continue;
    if (worst === undefined || way.distance_km > worst.distance_km) worst = way;
  }
  return worst;
}

function wayBetween(a: CountedPayment, b: CountedPayment): ImpossibleTravel {
  const duration_ms = Math.abs(a.event_ms - b.event_ms);
  if (a.location === null || b.location === null) return { distance_km: 0, duration_ms };
  const from = [a.location.lon, a.location.lat];
  const to = [b.location.lon, b.location.lat];
  return { distance_km: distance(from, to, { units: 'kilometers' }), duration_ms };
}
