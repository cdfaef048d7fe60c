import { positionFix, vehicleId } from '@nerveline/contracts';
import { syntheticCity } from '../city/synthetic-city';
import { newVehicle, type Plan, type Vehicle } from '../fleet/vehicle';
import { TenantFleet } from '../fleet/tenant-fleet';
import { at } from '../graph/road-graph';
import { BidirectionalRouter } from '../routing/router';
import { Metric } from '../routing/metric';
import { geometryOf, wayThrough, type Way } from '../routing/route-through';
import { RouteLine } from './route-line';
import { isStale, track } from './track';
import { trackingPolicy } from './tracking-policy';

const { graph } = syntheticCity(3, 4_000);
const { plane } = graph;
const free = new Metric(graph);
const START_MS = 1_700_000_000_000;

/** A way across the city, over two stops. */
function longWay(seed: number): Way {
  const place = (n: number) => [{ edge: (seed * 997 + n * 1_733) % graph.edge_count, fraction: 0.4 }];
  const way = wayThrough(new BidirectionalRouter(graph), {
    from: place(0),
    stops: [place(1), place(2)],
    weights_ms: free.weights_ms,
  });
  if (way === undefined) throw new Error('the city is connected');
  return way;
}

function planOf(way: Way): Plan {
  const stop = { lat: 0, lon: 0, label: 'x', ends: [] };
  const stops = way.stops.map(() => stop);
  const made = { plan_version: 1, cause: 'planned' as const, made_ms: START_MS, depot_id: null };
  return { ...made, way, stops, promised_eta_ms: START_MS + way.duration_ms, around_incident_id: null };
}

function onTheWay(way: Way): { vehicle: Vehicle; line: RouteLine } {
  const fleet = new TenantFleet(graph);
  const vehicle = newVehicle(vehicleId.parse('V'));
  fleet.follow(vehicle, planOf(way));
  return { vehicle, line: new RouteLine(graph, way) };
}

/** The point of the plane that lies so far along the way, and so far to its left. */
function pointAt(way: Way, offset_m: number, left_m: number): { x: number; y: number } {
  const points = geometryOf(graph, way.segment_ids).map(([lon, lat]) => [plane.x(lon), plane.y(lat)] as const);
  let done_m = 0;
  for (const [index, [bx, by]] of points.entries()) {
    const [ax, ay] = points[index - 1] ?? [bx, by];
    const piece_m = Math.hypot(bx - ax, by - ay);
    if (piece_m > 0 && done_m + piece_m >= offset_m) {
      const share = (offset_m - done_m) / piece_m;
      const [nx, ny] = [-(by - ay) / piece_m, (bx - ax) / piece_m];
      return { x: ax + share * (bx - ax) + left_m * nx, y: ay + share * (by - ay) + left_m * ny };
    }
    done_m += piece_m;
  }
  throw new Error('beyond the end');
}

function fixAt(way: Way, step: { offset_m: number; left_m?: number; event_ms: number }) {
  const { x, y } = pointAt(way, step.offset_m, step.left_m ?? 0);
  return positionFix.parse({
    vehicle_id: 'V',
    lat: plane.lat(y),
    lon: plane.lon(x),
    event_ms: step.event_ms,
    accuracy_m: 6,
  });
}

const world = { graph, policy: trackingPolicy };

describe('a vehicle that drives its way', () => {
  it.each([1, 2, 3, 4, 5])('is where it is, to the noise of its receiver, until it arrives (way %d)', (seed) => {
    const way = longWay(seed);
    const { vehicle, line } = onTheWay(way);
    let event_ms = START_MS;
    let last: string = 'moved';
    for (let offset_m = line.start_m; offset_m < line.end_m - 60; offset_m += 13) {
      event_ms += 1_000;
      const left_m = 12 * Math.sin(offset_m);
      last = track(vehicle, fixAt(way, { offset_m, left_m, event_ms }), world);
      expect(last).not.toBe('off_route');
      // At a corner a fix beside the road lies nearer to what comes next.
      expect(Math.abs(vehicle.place.offset_m - offset_m)).toBeLessThan(30);
    }
    last = track(vehicle, fixAt(way, { offset_m: line.end_m - 1, event_ms: event_ms + 5_000 }), world);
    expect(last).toBe('arrived');
    expect(vehicle.stops_done).toBe(2);
  });

  it('comes nearer with every fix, in metres and in time, and takes what the way takes', () => {
    const way = longWay(2);
    const { vehicle, line } = onTheWay(way);
    expect(line.remainingMs(line.start, free)).toBe(way.duration_ms);
    let [remaining_ms, event_ms] = [Infinity, START_MS];
    for (let offset_m = line.start_m; offset_m < line.end_m; offset_m += 20) {
      track(vehicle, fixAt(way, { offset_m, left_m: 5, event_ms: (event_ms += 1_500) }), world);
      const now_ms = line.remainingMs(vehicle.place, free);
      expect(now_ms).toBeLessThanOrEqual(remaining_ms);
      remaining_ms = now_ms;
    }
    expect(remaining_ms).toBeLessThan(20_000);
  });

  it('is off its route when it drives another way, and only then', () => {
    const way = longWay(1);
    const { vehicle, line } = onTheWay(way);
    const outcomes: string[] = [];
    let event_ms = START_MS;
    for (let offset_m = line.start_m; offset_m < line.start_m + 200; offset_m += 12) {
      outcomes.push(track(vehicle, fixAt(way, { offset_m, event_ms: (event_ms += 1_000) }), world));
    }
    expect(outcomes).not.toContain('off_route');
    for (let away_m = 0; away_m < 600; away_m += 12) {
      const fix = fixAt(way, { offset_m: line.start_m + 200, left_m: away_m, event_ms: (event_ms += 1_000) });
      outcomes.push(track(vehicle, fix, world));
    }
    expect(outcomes.at(-1)).toBe('off_route');
    expect(vehicle.off_route.off_route).toBe(true);
  });
});

describe('RouteLine', () => {
  it('adds up the time to every stop as a walk over the segments does, also with jams and closures', () => {
    for (const seed of [1, 2, 3]) {
      const way = longWay(seed);
      const line = new RouteLine(graph, way);
      const metric = new Metric(graph);
      const jammed = way.segment_ids.filter((_, n) => n % 3 === 0);
      metric.apply({
        incident_id: 'j',
        kind: 'jam',
        segment_ids: jammed,
        speed_factor: 0.2,
        reason: '',
        ends_at_ms: null,
      });
      const walk = (until: { index: number; fraction: number }): number =>
        way.segment_ids.slice(0, until.index + 1).reduce((sum, edge, n) => {
          const weight = at(metric.weights_ms, edge);
          const share = n === 0 ? 1 - way.from_fraction : n === until.index ? until.fraction : 1;
          return sum + Math.round(weight * share);
        }, 0);
      expect(line.stopTimesMs(line.start, metric)).toEqual(way.stops.map(walk));
      const closed = way.segment_ids[(way.stops[0]?.index ?? 0) + 1] ?? -1;
      metric.apply({
        incident_id: 'c',
        kind: 'closure',
        segment_ids: [closed],
        speed_factor: 0,
        reason: '',
        ends_at_ms: null,
      });
      const [first, second] = line.stopTimesMs(line.start, metric);
      expect(first).toBe(walk(way.stops[0] ?? { index: 0, fraction: 0 }));
      expect(second).toBe(Infinity);
      expect(line.remainingMs(line.start, metric)).toBe(Infinity);
    }
  });
});

it('doubled and late fixes are stale, the next one is not', () => {
  const vehicle = newVehicle(vehicleId.parse('V'));
  const fix = positionFix.parse({ vehicle_id: 'V', lat: 49.48, lon: 8.44, event_ms: START_MS });
  expect(isStale(vehicle, fix.event_ms)).toBe(false);
  track(vehicle, fix, world);
  expect(isStale(vehicle, START_MS)).toBe(true);
  expect(isStale(vehicle, START_MS - 1)).toBe(true);
  expect(isStale(vehicle, START_MS + 1)).toBe(false);
});
