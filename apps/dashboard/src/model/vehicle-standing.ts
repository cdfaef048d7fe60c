import type { Health, VehicleState } from '@nerveline/contracts';

/** From here on a vehicle counts as late. */
export const LATE_MS = 5 * 60_000;
/** A vehicle that sends nothing for this long is silent: what is shown of it is old. */
export const SILENT_MS = 60_000;

export const STANDINGS = ['on_route', 'late', 'off_route', 'idle'] as const;
export type Standing = (typeof STANDINGS)[number];

export const STANDING_HEALTH: Readonly<Record<Standing, Health>> = {
  on_route: 'good',
  late: 'watch',
  off_route: 'bad',
  idle: 'unknown',
};

export const STANDING_WORDS: Readonly<Record<Standing, string>> = {
  on_route: 'on route',
  late: 'late',
  off_route: 'off route',
  idle: 'idle',
};

/** What a dispatcher has to know of a vehicle at a glance. */
export function standingOf({ status, delay_ms }: VehicleState): Standing {
  if (status === 'off_route') return 'off_route';
  if (status !== 'on_route') return 'idle';
  return delay_ms >= LATE_MS ? 'late' : 'on_route';
}

export const isSilent = (state: VehicleState, event_now_ms: number, speed: number): boolean =>
  event_now_ms - state.event_ms > SILENT_MS * speed;
