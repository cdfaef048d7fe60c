import type { ImpossibleTravel } from './travel';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/** 1234567 as "1,234,567"; written out because a replay must not depend on the machine's locale data. */
export function thousands(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}

/** Minor units as "1,250.00 EUR". */
export function money(amount_minor: number, currency: string): string {
  const cents = String(amount_minor % 100).padStart(2, '0');
  return `${thousands(Math.floor(amount_minor / 100))}.${cents} ${currency}`;
}

/** "1,900 km in 22 min". */
export function travelText({ distance_km, duration_ms }: ImpossibleTravel): string {
  const rounded_km = Math.round(distance_km / 10) * 10;
  return `${thousands(rounded_km)} km ${duration_ms === 0 ? 'at the same instant' : `in ${duration(duration_ms)}`}`;
}

function duration(duration_ms: number): string {
  if (duration_ms < MINUTE_MS) return `${Math.ceil(duration_ms / 1_000)} s`;
  if (duration_ms < 2 * HOUR_MS) return `${Math.floor(duration_ms / MINUTE_MS)} min`;
  return `${Math.floor(duration_ms / HOUR_MS)} h`;
}
