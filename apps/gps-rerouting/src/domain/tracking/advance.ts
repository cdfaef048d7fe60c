import type { OffRoutePolicy } from './off-route';
import type { LinePlace, Projection, RouteLine } from './route-line';

export interface ProgressPolicy {
  /** How far behind the last place a fix may be projected: noise along the road. */
  readonly window_back_m: number;
  /** How far ahead, beside what the top speed covers in the time since the last fix. */
  readonly window_ahead_m: number;
  readonly top_speed_mps: number;
  /** A stop counts as reached within this. */
  readonly arrive_m: number;
}

export interface Advance {
  readonly place: LinePlace;
  readonly distance_m: number;
}

/**
 * Moves a vehicle along its route to where a fix shows it: within a window around the last place, so that a road that
 * is passed twice isn't taken for the wrong visit; only when the fix fits nowhere there, anywhere further ahead (it
 * took a short cut). Progress never goes back by noise.
 */
export function advance(
  line: RouteLine,
  from: LinePlace,
  fix: { readonly x_m: number; readonly y_m: number; readonly elapsed_ms: number },
  policy: { readonly progress: ProgressPolicy; readonly off_route: OffRoutePolicy },
): Advance {
  const { progress, off_route } = policy;
  const reach_m = progress.window_ahead_m + (progress.top_speed_mps * Math.max(0, fix.elapsed_ms)) / 1_000;
  const window = { near: from, from_m: from.offset_m - progress.window_back_m, to_m: from.offset_m + reach_m };
  const near = line.project(fix.x_m, fix.y_m, window);
  if (near.distance_m <= off_route.leave_m) return forwardOnly(from, near, line);
  const anywhere = line.project(fix.x_m, fix.y_m, { near: from, from_m: window.from_m, to_m: Infinity });
  return anywhere.distance_m <= off_route.back_m
    ? forwardOnly(from, anywhere, line)
    : { place: from, distance_m: near.distance_m };
}

/** The place depends on the offset alone, so that a vehicle that was stored and read back stands where it stood. */
function forwardOnly(from: LinePlace, to: Projection, line: RouteLine): Advance {
  if (to.offset_m <= from.offset_m) return { place: from, distance_m: to.distance_m };
  return { place: line.locate(Math.min(to.offset_m, line.end_m)), distance_m: to.distance_m };
}
