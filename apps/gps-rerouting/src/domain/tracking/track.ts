import type { PositionFix } from '@nerveline/contracts';
import { headingDeg } from '../graph/geo';
import type { RoadGraph } from '../graph/road-graph';
import type { LastFix, Vehicle } from '../fleet/vehicle';
import { advance } from './advance';
import { judgeOffRoute } from './off-route';
import type { RouteLine } from './route-line';
import type { TrackingPolicy } from './tracking-policy';

/** What a fix brought about: all but the first has to be acted on. */
export type Tracked = 'moved' | 'arrived' | 'off_route' | 'passed_fork';

/** A fix is applied only when it is newer than the last one taken: doubled, late and swapped ones are not. */
export function isStale(vehicle: Vehicle, event_ms: number): boolean {
  return vehicle.fix !== null && event_ms <= vehicle.fix.event_ms;
}

/** Takes a fix: where the vehicle is, how far on its way, and whether it left it. The caller has refused stale fixes. */
export function track(
  vehicle: Vehicle,
  fix: PositionFix,
  world: { readonly graph: RoadGraph; readonly policy: TrackingPolicy },
): Tracked {
  const { plane } = world.graph;
  const before = vehicle.fix;
  const [x_m, y_m] = [plane.x(fix.lon), plane.y(fix.lat)];
  const [dx, dy] = before === null ? [0, 0] : [x_m - plane.x(before.lon), y_m - plane.y(before.lat)];
  const elapsed_ms = before === null ? 0 : fix.event_ms - before.event_ms;
  const implied_mps = elapsed_ms === 0 ? 0 : (Math.hypot(dx, dy) / elapsed_ms) * 1_000;
  vehicle.fix = lastFix(fix, before, { implied_mps, dx, dy });
  const { line } = vehicle;
  if (line === null || vehicle.arrived_ms !== null || implied_mps > world.policy.off_route.jump_mps) return 'moved';

  const moved = advance(line, vehicle.place, { x_m, y_m, elapsed_ms }, world.policy);
  vehicle.place = moved.place;
  const was_off = vehicle.off_route.off_route;
  const sighting = { x_m, y_m, event_ms: fix.event_ms, distance_m: moved.distance_m, accuracy_m: fix.accuracy_m };
  vehicle.off_route = judgeOffRoute(vehicle.off_route, { ...sighting, implied_mps }, world.policy.off_route);
  passStops(vehicle, line, world.policy.progress.arrive_m);
  if (vehicle.stops_done === line.stop_offsets_m.length && !vehicle.off_route.off_route) {
    return 'arrived';
  }
  if (vehicle.off_route.off_route) return 'off_route';
  const fork_m = vehicle.proposal?.fork_offset_m;
  return !was_off && fork_m !== undefined && vehicle.place.offset_m >= fork_m ? 'passed_fork' : 'moved';
}

function passStops(vehicle: Vehicle, line: RouteLine, arrive_m: number): void {
  const stops = line.stop_offsets_m;
  while (vehicle.stops_done < stops.length) {
    const stop_m = stops[vehicle.stops_done] ?? Infinity;
    if (vehicle.place.offset_m < stop_m - arrive_m) return;
    vehicle.stops_done++;
  }
}

/** Receivers that tell neither speed nor heading get both from the way between two fixes. */
function lastFix(
  fix: PositionFix,
  before: LastFix | null,
  step: { readonly implied_mps: number; readonly dx: number; readonly dy: number },
): LastFix {
  const moved = Math.hypot(step.dx, step.dy) > 3;
  return {
    lat: fix.lat,
    lon: fix.lon,
    event_ms: fix.event_ms,
    speed_mps: fix.speed_mps ?? step.implied_mps,
    heading_deg: fix.heading_deg ?? (moved ? headingDeg(step.dx, step.dy) : (before?.heading_deg ?? 0)),
  };
}
