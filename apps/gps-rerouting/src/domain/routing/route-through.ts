import type { RoadGraph } from '../graph/road-graph';
import type { EdgePlace, Route, RoutingEngine } from './router';

/** A stop on a way of several legs: the segment (by its place in the way) and how far along it. */
export interface StopPlace {
  readonly index: number;
  readonly fraction: number;
}

/** A way over stops. Whole segments; it begins and ends inside the first and last one. */
export interface Way {
  readonly segment_ids: readonly number[];
  readonly from_fraction: number;
  readonly stops: readonly StopPlace[];
  readonly duration_ms: number;
  readonly distance_m: number;
}

export interface WayQuery {
  readonly from: readonly EdgePlace[];
  /** For each stop the places that serve it (both sides of a two-way street). Not empty. */
  readonly stops: readonly (readonly EdgePlace[])[];
  readonly weights_ms: Uint32Array;
}

/**
 * The way over all stops in their order, leg by leg. A leg goes on in the direction in which the last one arrived: a
 * van doesn't turn on the spot. Undefined when a leg has no route.
 */
export function wayThrough(engine: RoutingEngine, query: WayQuery): Way | undefined {
  const segment_ids: number[] = [];
  const stops: StopPlace[] = [];
  let from = query.from;
  let [duration_ms, distance_m] = [0, 0];
  let first: Route | undefined;
  for (const to of query.stops) {
    const leg = engine.route({ from, to, weights_ms: query.weights_ms });
    if (leg === undefined) return undefined;
    first ??= leg;
    segment_ids.push(...(first === leg ? leg.segment_ids : leg.segment_ids.slice(1)));
    stops.push({ index: segment_ids.length - 1, fraction: leg.to.fraction });
    duration_ms += leg.duration_ms;
    distance_m += leg.distance_m;
    from = [leg.to];
  }
  if (first === undefined) return undefined;
  return { segment_ids, from_fraction: first.from.fraction, stops, duration_ms, distance_m };
}

/** The line of a way as GeoJSON has it, joints once. */
export function geometryOf(graph: RoadGraph, segment_ids: readonly number[]): [number, number][] {
  const line: [number, number][] = [];
  for (const edge of segment_ids) {
    const points = graph.geometryOf(edge);
    line.push(...(line.length === 0 ? points : points.slice(1)));
  }
  return line;
}
