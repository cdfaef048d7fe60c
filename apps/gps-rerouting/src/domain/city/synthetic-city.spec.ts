import { at } from '../graph/road-graph';
import { decodeGraph, encodeGraph } from '../graph/graph-file';
import { roadClasses } from '../graph/road-class';
import { BidirectionalRouter } from '../routing/router';
import { Metric } from '../routing/metric';
import { syntheticCity } from './synthetic-city';

describe('syntheticCity', () => {
  const { graph } = syntheticCity(7, 30_000);

  it('is about as large as asked, and the same for the same seed', () => {
    expect(graph.edge_count).toBeGreaterThan(27_000);
    expect(graph.edge_count).toBeLessThan(33_000);
    expect(syntheticCity(7, 2_000).graph.hash).toBe(syntheticCity(7, 2_000).graph.hash);
    expect(syntheticCity(8, 2_000).graph.hash).not.toBe(syntheticCity(7, 2_000).graph.hash);
  });

  it('has ring roads, a few bridges, one-way streets, and a name on every street', () => {
    const names = new Set(graph.names);
    for (const name of ['Ring North', 'Ring East', 'Ring South', 'Ring West', 'Outer Ring East']) {
      expect(names).toContain(name);
    }
    const bridges = [...names].filter((name) => name.endsWith('Bridge'));
    expect(bridges.length).toBeGreaterThanOrEqual(3);
    expect(bridges.length).toBeLessThanOrEqual(8);
    const edges = [...Array(graph.edge_count).keys()];
    expect(edges.filter((edge) => graph.nameOf(edge) === '')).toEqual([]);
    const one_way = edges.filter((edge) => at(graph.arrays.edge_twin, edge) === -1).length;
    expect(one_way).toBeGreaterThan(500);
    expect(new Set(edges.map((edge) => graph.classOf(edge))).size).toBeGreaterThanOrEqual(5);
    expect(roadClasses).toContain(graph.classOf(0));
  });

  it('has a way from everywhere to everywhere', () => {
    const router = new BidirectionalRouter(graph);
    const { weights_ms } = new Metric(graph);
    for (let n = 0; n < 50; n++) {
      const from = [{ edge: (n * 7_919) % graph.edge_count, fraction: 0.5 }];
      const to = [{ edge: (n * 104_729 + 17) % graph.edge_count, fraction: 0.5 }];
      expect(router.route({ from, to, weights_ms })).toBeDefined();
    }
  });

  it('comes back from its file as it was', () => {
    const read = decodeGraph(encodeGraph(graph));
    expect(read.hash).toBe(graph.hash);
    expect(read.names).toEqual(graph.names);
  });
});
