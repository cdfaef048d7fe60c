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
 * Moves a vehicle along its route to where a fix shows it: within a window ahead of the last place, so that a road that
 * is passed twice isn't taken for the wrong visit; only when the fix fits nowhere there, anywhere further ahead (it
 * took a short cut). Progress never goes back: a fix that fits better just behind is noise, and the vehicle stays.
 */
export function advance(
  line: RouteLine,
  from: LinePlace,
  fix: { readonly x_m: number; readonly y_m: number; readonly elapsed_ms: number },
  policy: { readonly progress: ProgressPolicy; readonly off_route: OffRoutePolicy },
): Advance {
  const { progress, off_route } = policy;
  const reach_m = progress.window_ahead_m + (progress.top_speed_mps * Math.max(0, fix.elapsed_ms)) / 1_000;
  const project = (from_m: number, to_m: number) => line.project(fix.x_m, fix.y_m, { near: from, from_m, to_m });
  const ahead = project(from.offset_m, from.offset_m + reach_m);
  if (ahead.distance_m <= off_route.back_m) return moveTo(ahead, line);
  const behind = project(from.offset_m - progress.window_back_m, from.offset_m);
  if (behind.distance_m < ahead.distance_m) return { place: from, distance_m: behind.distance_m };
  if (ahead.distance_m <= off_route.leave_m) return moveTo(ahead, line);
  const further = project(from.offset_m + reach_m, Infinity);
  if (further.distance_m <= off_route.back_m) return moveTo(further, line);
  return { place: from, distance_m: ahead.distance_m };
}

/** The place depends on the offset alone, so that a vehicle that was stored and read back stands where it stood. */
function moveTo(to: Projection, line: RouteLine): Advance {
  return { place: line.locate(Math.min(to.offset_m, line.end_m)), distance_m: to.distance_m };
}
