import fc from 'fast-check';
import { buildGraph, type RoadMap } from '../graph/build-graph';
import { at, type RoadGraph } from '../graph/road-graph';
import { CLOSED } from './metric';
import { BidirectionalRouter, exitMs, part, type EdgePlace, type RouteQuery } from './router';

/** Random streets between a few points: one-way and not, several between the same two, loops. */
const anyMap: fc.Arbitrary<RoadMap> = fc
  .record({
    points: fc.array(fc.tuple(fc.integer({ min: 0, max: 60_000 }), fc.integer({ min: 0, max: 60_000 })), {
      minLength: 3,
      maxLength: 24,
    }),
    streets: fc.array(fc.tuple(fc.nat(), fc.nat(), fc.boolean(), fc.integer({ min: 2, max: 30 })), {
      minLength: 4,
      maxLength: 60,
    }),
  })
  .map(({ points, streets }) => ({
    lat_e7: Int32Array.from(points.map(([lat]) => 490_000_000 + lat)),
    lon_e7: Int32Array.from(points.map(([, lon]) => 84_000_000 + lon)),
    ways: streets.map(([from, to, both, speed_mps]) => ({
      points: [from % points.length, to % points.length],
      road_class: 'residential' as const,
      name: '',
      speed_mps,
      direction: both ? ('both' as const) : ('forward' as const),
    })),
  }));

/** The slow and plain reference: Dijkstra over all nodes with a scan for the nearest, no heap, no second direction. */
function plainDurationMs(graph: RoadGraph, { from, to, weights_ms }: RouteQuery): number {
  const cost = new Array<number>(graph.node_count).fill(Infinity);
  const open = new Set(cost.keys());
  for (const start of from) {
    const head = at(graph.arrays.edge_head, start.edge);
    cost[head] = Math.min(at(cost, head), exitMs(start, graph, weights_ms));
  }
  while (open.size > 0) {
    const node = [...open].reduce((best, other) => (at(cost, other) < at(cost, best) ? other : best));
    open.delete(node);
    for (let edge = at(graph.arrays.first_out, node); edge < at(graph.arrays.first_out, node + 1); edge++) {
      const weight = at(weights_ms, edge);
      const head = at(graph.arrays.edge_head, edge);
      if (weight !== CLOSED) cost[head] = Math.min(at(cost, head), at(cost, node) + weight);
    }
  }
  let best = Infinity;
  for (const end of to) {
    const weight = at(weights_ms, end.edge);
    if (weight === CLOSED) continue;
    best = Math.min(best, at(cost, at(graph.arrays.edge_tail, end.edge)) + part(weight, end.fraction));
    for (const start of from) {
      if (start.edge === end.edge && end.fraction >= start.fraction) {
        best = Math.min(best, part(weight, end.fraction - start.fraction));
      }
    }
  }
  return best;
}

const anyPlace = (graph: RoadGraph): fc.Arbitrary<EdgePlace> =>
  fc.record({
    edge: fc.integer({ min: 0, max: graph.edge_count - 1 }),
    fraction: fc.double({ min: 0, max: 1, noNaN: true }),
  });

const anyCase = anyMap
  .map((map) => buildGraph(map).graph)
  .filter((graph) => graph.edge_count > 0)
  .chain((graph) =>
    fc.record({
      graph: fc.constant(graph),
      from: fc.array(anyPlace(graph), { minLength: 1, maxLength: 2 }),
      to: fc.array(anyPlace(graph), { minLength: 1, maxLength: 2 }),
      weights: fc.array(fc.oneof({ weight: 4, arbitrary: fc.integer({ min: 1, max: 90_000 }) }, fc.constant(CLOSED)), {
        minLength: graph.edge_count,
        maxLength: graph.edge_count,
      }),
    }),
  );

/** Drives the route over the graph and adds up what it takes. */
function drivenMs(
  graph: RoadGraph,
  query: RouteQuery,
  segment_ids: readonly number[],
  ends: [EdgePlace, EdgePlace],
): number {
  const [from, to] = ends;
  segment_ids.forEach((edge, index) => {
    const before = segment_ids[index - 1];
    if (before !== undefined) expect(at(graph.arrays.edge_tail, edge)).toBe(at(graph.arrays.edge_head, before));
    if (index > 0) expect(at(query.weights_ms, edge)).not.toBe(CLOSED);
  });
  if (segment_ids.length === 1) return part(at(query.weights_ms, from.edge), to.fraction - from.fraction);
  const between = segment_ids.slice(1, -1).reduce((sum, edge) => sum + at(query.weights_ms, edge), 0);
  return exitMs(from, graph, query.weights_ms) + between + part(at(query.weights_ms, to.edge), to.fraction);
}

describe('BidirectionalRouter', () => {
  it('finds what a plain Dijkstra finds, and a way that takes as long as it says', () => {
    fc.assert(
      fc.property(anyCase, ({ graph, from, to, weights }) => {
        const query = { from, to, weights_ms: Uint32Array.from(weights) };
        const route = new BidirectionalRouter(graph).route(query);
        expect(route?.duration_ms ?? Infinity).toBe(plainDurationMs(graph, query));
        if (route === undefined) return;
        expect(drivenMs(graph, query, route.segment_ids, [route.from, route.to])).toBe(route.duration_ms);
      }),
      { numRuns: 400 },
    );
  });

  it('answers the same from used buffers as from fresh ones', () => {
    fc.assert(
      fc.property(anyCase, fc.array(fc.nat(), { minLength: 3, maxLength: 10 }), ({ graph, weights }, seeds) => {
        const used = new BidirectionalRouter(graph);
        const weights_ms = Uint32Array.from(weights);
        for (const seed of seeds) {
          const from = [{ edge: seed % graph.edge_count, fraction: 0.5 }];
          const to = [{ edge: (seed * 7 + 3) % graph.edge_count, fraction: 0.25 }];
          const fresh = new BidirectionalRouter(graph).route({ from, to, weights_ms });
          expect(used.route({ from, to, weights_ms })).toEqual(fresh);
        }
      }),
      { numRuns: 50 },
    );
  });
});
