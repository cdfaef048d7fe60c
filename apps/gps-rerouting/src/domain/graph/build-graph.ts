import { distanceM, DEGREE_UNITS } from './geo';
import { hashOf } from './graph-hash';
import { keepLargestComponent } from './largest-component';
import { classCode, type RoadClass } from './road-class';
import { at, RoadGraph, type RoadArrays } from './road-graph';

/** A street as it comes from a map: points in order, by their number in {@link RoadMap.lat_e7}. */
export interface RoadWay {
  readonly points: readonly number[];
  readonly road_class: RoadClass;
  readonly name: string;
  readonly speed_mps: number;
  /** `forward` is one-way in the order of the points; whoever reads a map turns the points of `-1` around. */
  readonly direction: 'both' | 'forward';
}

export interface RoadMap {
  readonly lat_e7: Int32Array;
  readonly lon_e7: Int32Array;
  readonly ways: readonly RoadWay[];
}

export interface BuiltGraph {
  readonly graph: RoadGraph;
  /** Segments that can't be reached from most of the others, or can't reach them: left out. */
  readonly islands: number;
}

/** A directed edge on its way into the arrays. `points` are raw points in driving order. */
export interface RawEdge {
  readonly tail: number;
  readonly head: number;
  readonly points: readonly number[];
  readonly way: RoadWay;
  /** Two edges with one number are the two directions of one street. */
  readonly street: number;
}

/**
 * Cuts the ways at their junctions, keeps the part of the network in which every place is reached from every other (a
 * route between two of its places fails only because of a closure), and lays it out flat.
 */
export function buildGraph(map: RoadMap): BuiltGraph {
  const edges = cutAtJunctions(map);
  const kept = keepLargestComponent(edges, map.lat_e7.length);
  const { arrays, names } = layOut(kept, map);
  return { graph: new RoadGraph(arrays, names, hashOf(arrays, names)), islands: edges.length - kept.length };
}

/** A junction is a point where a way ends or that two ways (or one way twice) share. */
function cutAtJunctions(map: RoadMap): RawEdge[] {
  const uses = new Uint8Array(map.lat_e7.length);
  const use = (point: number, count: number) => (uses[point] = Math.min(2, at(uses, point) + count));
  for (const { points } of map.ways) {
    points.forEach((point, index) => use(point, index === 0 || index === points.length - 1 ? 2 : 1));
  }
  const edges: RawEdge[] = [];
  let street = 0;
  for (const way of map.ways) {
    let start = 0;
    for (let index = 1; index < way.points.length; index++) {
      if (at(uses, at(way.points, index)) < 2) continue;
      const points = way.points.slice(start, index + 1);
      addBothWays(edges, points, { way, street: street++ });
      start = index;
    }
  }
  return edges;
}

function addBothWays(edges: RawEdge[], points: readonly number[], of: { way: RoadWay; street: number }): void {
  const tail = at(points, 0);
  const head = at(points, points.length - 1);
  edges.push({ tail, head, points, ...of });
  if (of.way.direction === 'both') edges.push({ tail: head, head: tail, points: points.toReversed(), ...of });
}

function layOut(edges: readonly RawEdge[], map: RoadMap): { arrays: RoadArrays; names: string[] } {
  const node_of = numberNodes(edges);
  const nodeOf = (point: number) => node_of.get(point) ?? 0;
  const sorted = edges.toSorted((a, b) => nodeOf(a.tail) - nodeOf(b.tail) || a.street - b.street);
  const count = sorted.length;
  const shape_count = sorted.reduce((sum, edge) => sum + edge.points.length, 0);
  const arrays = allocate(node_of.size, count, shape_count);
  for (const [point, node] of node_of) {
    arrays.node_lat_e7[node] = at(map.lat_e7, point);
    arrays.node_lon_e7[node] = at(map.lon_e7, point);
  }
  const name_ids = new Map<string, number>([['', 0]]);
  const edge_of_street = new Map<number, number>();
  let shape = 0;
  sorted.forEach((edge, id) => {
    arrays.edge_tail[id] = nodeOf(edge.tail);
    arrays.edge_head[id] = nodeOf(edge.head);
    arrays.edge_class[id] = classCode(edge.way.road_class);
    arrays.edge_name[id] = internName(name_ids, edge.way.name);
    arrays.shape_first[id] = shape;
    for (const point of edge.points) {
      arrays.shape_lat_e7[shape] = at(map.lat_e7, point);
      arrays.shape_lon_e7[shape] = at(map.lon_e7, point);
      shape++;
    }
    const length_m = lengthOf(edge.points, map);
    arrays.edge_length_m[id] = length_m;
    arrays.edge_free_ms[id] = Math.max(1, Math.round((length_m / edge.way.speed_mps) * 1_000));
    const twin = edge_of_street.get(edge.street);
    if (twin !== undefined) {
      arrays.edge_twin[id] = twin;
      arrays.edge_twin[twin] = id;
    }
    edge_of_street.set(edge.street, id);
  });
  arrays.shape_first[count] = shape;
  linkNodes(arrays);
  return { arrays, names: [...name_ids.keys()] };
}

/** Nodes are numbered as the edges first meet them, so that neighbours lie close in memory. */
function numberNodes(edges: readonly RawEdge[]): Map<number, number> {
  const node_of = new Map<number, number>();
  for (const { tail, head } of edges) {
    if (!node_of.has(tail)) node_of.set(tail, node_of.size);
    if (!node_of.has(head)) node_of.set(head, node_of.size);
  }
  return node_of;
}

function internName(ids: Map<string, number>, name: string): number {
  const known = ids.get(name);
  if (known !== undefined) return known;
  ids.set(name, ids.size);
  return ids.size - 1;
}

function lengthOf(points: readonly number[], map: RoadMap): number {
  let length_m = 0;
  const place = (point: number) => ({
    lat: at(map.lat_e7, point) / DEGREE_UNITS,
    lon: at(map.lon_e7, point) / DEGREE_UNITS,
  });
  for (let index = 1; index < points.length; index++) {
    length_m += distanceM(place(at(points, index - 1)), place(at(points, index)));
  }
  return length_m;
}

function allocate(nodes: number, edges: number, shape_points: number): RoadArrays {
  return {
    node_lat_e7: new Int32Array(nodes),
    node_lon_e7: new Int32Array(nodes),
    first_out: new Uint32Array(nodes + 1),
    edge_tail: new Uint32Array(edges),
    edge_head: new Uint32Array(edges),
    edge_twin: new Int32Array(edges).fill(-1),
    edge_length_m: new Float32Array(edges),
    edge_free_ms: new Uint32Array(edges),
    edge_class: new Uint8Array(edges),
    edge_name: new Uint32Array(edges),
    shape_first: new Uint32Array(edges + 1),
    shape_lat_e7: new Int32Array(shape_points),
    shape_lon_e7: new Int32Array(shape_points),
    first_in: new Uint32Array(nodes + 1),
    in_edge: new Uint32Array(edges),
  };
}

/** Counting sort of the edges by tail (they stand in that order already) and by head. */
function linkNodes({ first_out, first_in, in_edge, edge_tail, edge_head }: RoadArrays): void {
  const nodes = first_out.length - 1;
  const count = (firsts: Uint32Array, ends: Uint32Array) => {
    for (const node of ends) firsts[node + 1] = at(firsts, node + 1) + 1;
    for (let node = 0; node < nodes; node++) firsts[node + 1] = at(firsts, node + 1) + at(firsts, node);
  };
  count(first_out, edge_tail);
  count(first_in, edge_head);
  const next = first_in.slice();
  edge_head.forEach((node, edge) => {
    in_edge[at(next, node)] = edge;
    next[node] = at(next, node) + 1;
  });
}
