import { atU32, type RoadGraph } from '../graph/road-graph';
import { CLOSED } from './metric';
import { SearchTree } from './search-tree';

/** A place on a segment: 0 at its tail, 1 at its head. */
export interface EdgePlace {
  readonly edge: number;
  readonly fraction: number;
}

export interface Route {
  readonly from: EdgePlace;
  readonly to: EdgePlace;
  /** From the segment of `from` to that of `to`, both included. */
  readonly segment_ids: readonly number[];
  readonly duration_ms: number;
  readonly distance_m: number;
}

export interface RouteQuery {
  /** Places to start from, for instance both directions of the street at the door. Not empty. */
  readonly from: readonly EdgePlace[];
  readonly to: readonly EdgePlace[];
  /** Time over each segment, `CLOSED` where it can't be driven. */
  readonly weights_ms: Uint32Array;
}

/** What the service asks of a routing engine; undefined when closures cut every way. */
export interface RoutingEngine {
  route(query: RouteQuery): Route | undefined;
}

/**
 * Bidirectional Dijkstra over live weights. Weights are whole milliseconds, so sums are exact and every answer equals a
 * plain search's to the last digit. The first segment may be closed (a vehicle inside a closure must get out of it);
 * the others, the last one included, may not.
 */
export class BidirectionalRouter implements RoutingEngine {
  readonly #forward: SearchTree;
  readonly #backward: SearchTree;

  constructor(private readonly graph: RoadGraph) {
    this.#forward = new SearchTree(graph.node_count);
    this.#backward = new SearchTree(graph.node_count);
  }

  route(query: RouteQuery): Route | undefined {
    const along = alongOneSegment(query, this.graph);
    const through = this.#search(query, along?.duration_ms ?? Infinity);
    return through ?? along;
  }

  /** The best way over at least one junction that takes less than `limit_ms`. */
  #search({ from, to, weights_ms }: RouteQuery, limit_ms: number): Route | undefined {
    const { edge_head, edge_tail } = this.graph.arrays;
    const [forward, backward] = [this.#forward, this.#backward];
    forward.begin();
    backward.begin();
    from.forEach((place, index) =>
      forward.offer(atU32(edge_head, place.edge), exitMs(place, this.graph, weights_ms), -1 - index),
    );
    to.forEach((place, index) => {
      const weight = atU32(weights_ms, place.edge);
      if (weight !== CLOSED) backward.offer(atU32(edge_tail, place.edge), part(weight, place.fraction), -1 - index);
    });
    let best_ms = limit_ms;
    let meeting = -1;
    const meet = (node: number) => {
      const cost_ms = forward.costOf(node) + backward.costOf(node);
      if (cost_ms >= best_ms) return;
      best_ms = cost_ms;
      meeting = node;
    };
    while (forward.least_ms + backward.least_ms < best_ms) {
      if (forward.least_ms <= backward.least_ms) meet(this.#settleForward(weights_ms));
      else meet(this.#settleBackward(weights_ms));
    }
    return meeting === -1 ? undefined : this.#unpack({ from, to, weights_ms }, meeting, best_ms);
  }

  #settleForward(weights_ms: Uint32Array): number {
    const { first_out, edge_head } = this.graph.arrays;
    const node = this.#forward.settle();
    const cost_ms = this.#forward.costOf(node);
    for (let edge = atU32(first_out, node), end = atU32(first_out, node + 1); edge < end; edge++) {
      const weight = atU32(weights_ms, edge);
      if (weight !== CLOSED) this.#forward.offer(atU32(edge_head, edge), cost_ms + weight, edge);
    }
    return node;
  }

  #settleBackward(weights_ms: Uint32Array): number {
    const { first_in, in_edge, edge_tail } = this.graph.arrays;
    const node = this.#backward.settle();
    const cost_ms = this.#backward.costOf(node);
    for (let index = atU32(first_in, node), end = atU32(first_in, node + 1); index < end; index++) {
      const edge = atU32(in_edge, index);
      const weight = atU32(weights_ms, edge);
      if (weight !== CLOSED) this.#backward.offer(atU32(edge_tail, edge), cost_ms + weight, edge);
    }
    return node;
  }

  #unpack({ from, to }: RouteQuery, meeting: number, duration_ms: number): Route | undefined {
    const { edge_head, edge_tail } = this.graph.arrays;
    const before: number[] = [];
    let edge = this.#forward.edgeInto(meeting);
    for (; edge >= 0; edge = this.#forward.edgeInto(atU32(edge_tail, edge))) before.push(edge);
    const start = from[-1 - edge];
    const after: number[] = [];
    edge = this.#backward.edgeInto(meeting);
    for (; edge >= 0; edge = this.#backward.edgeInto(atU32(edge_head, edge))) after.push(edge);
    const end = to[-1 - edge];
    if (start === undefined || end === undefined) return undefined;
    const segment_ids = [start.edge, ...before.toReversed(), ...after, end.edge];
    return {
      from: start,
      to: end,
      segment_ids,
      duration_ms,
      distance_m: distanceOf(segment_ids, start, end, this.graph),
    };
  }
}

/** From and to on one segment, the goal ahead: no junction is passed. */
function alongOneSegment({ from, to, weights_ms }: RouteQuery, graph: RoadGraph): Route | undefined {
  let best: Route | undefined;
  for (const start of from) {
    for (const end of to) {
      const weight = atU32(weights_ms, start.edge);
      if (end.edge !== start.edge || end.fraction < start.fraction || weight === CLOSED) continue;
      const share = end.fraction - start.fraction;
      const duration_ms = part(weight, share);
      if (best !== undefined && best.duration_ms <= duration_ms) continue;
      best = {
        from: start,
        to: end,
        segment_ids: [start.edge],
        duration_ms,
        distance_m: share * graph.lengthOf(start.edge),
      };
    }
  }
  return best;
}

/** Time to the head of the segment that a vehicle is on; a closed one is left at its free speed. */
export function exitMs(place: EdgePlace, graph: RoadGraph, weights_ms: Uint32Array): number {
  const weight = atU32(weights_ms, place.edge);
  return part(weight === CLOSED ? atU32(graph.arrays.edge_free_ms, place.edge) : weight, 1 - place.fraction);
}

/** Time over a part of a segment, in whole milliseconds. */
export const part = (weight_ms: number, share: number): number => Math.round(weight_ms * share);

function distanceOf(segment_ids: readonly number[], from: EdgePlace, to: EdgePlace, graph: RoadGraph): number {
  let distance_m = 0;
  for (const edge of segment_ids) distance_m += graph.lengthOf(edge);
  return distance_m - from.fraction * graph.lengthOf(from.edge) - (1 - to.fraction) * graph.lengthOf(to.edge);
}
