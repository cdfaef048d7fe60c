import { NervelineError } from '@nerveline/kernel';
import { buildGraph, type BuiltGraph, type RoadMap, type RoadWay } from '../../domain/graph/build-graph';
import { carRoad } from './car-road';
import { readOsmPbf } from './osm-pbf-reader';

/**
 * The roads for cars of an OpenStreetMap extract as a graph. Two passes: first the ways, then only the nodes that they
 * use, so that a full extract with every building costs no more memory than its roads.
 *
 * @throws NervelineError `NL-FLT-010` when the file can't be read, `NL-FLT-011` when it holds no connected roads
 */
export function importOsm(bytes: Uint8Array): BuiltGraph {
  const drawn: { way: Omit<RoadWay, 'points'>; refs: readonly number[] }[] = [];
  const point_of = new Map<number, number>();
  readOsmPbf(bytes, {
    way({ tags, refs }) {
      const road = carRoad(tags);
      if (road === undefined || refs.length < 2) return;
      const direction = road.direction === 'both' ? 'both' : 'forward';
      drawn.push({ way: { ...road, direction }, refs: road.direction === 'backward' ? refs.toReversed() : refs });
      for (const ref of refs) if (!point_of.has(ref)) point_of.set(ref, point_of.size);
    },
  });
  const map = { lat_e7: new Int32Array(point_of.size), lon_e7: new Int32Array(point_of.size) };
  const placed = new Uint8Array(point_of.size);
  readOsmPbf(bytes, {
    node(id, lat_e7, lon_e7) {
      const point = point_of.get(id);
      if (point === undefined) return;
      map.lat_e7[point] = lat_e7;
      map.lon_e7[point] = lon_e7;
      placed[point] = 1;
    },
  });
  const built = buildGraph({
    ...map,
    ways: drawn.flatMap(({ way, refs }) => cutAtGaps(way, refs, { point_of, placed })),
  });
  if (built.graph.edge_count > 0) return built;
  throw new NervelineError('NL-FLT-011', { detail: 'the roads file holds no connected roads for cars' });
}

/** An extract names nodes beyond its border and leaves them out: a way ends there, and may come back. */
function cutAtGaps(
  way: Omit<RoadWay, 'points'>,
  refs: readonly number[],
  { point_of, placed }: { readonly point_of: ReadonlyMap<number, number>; readonly placed: Uint8Array },
): RoadMap['ways'] {
  const ways: RoadWay[] = [];
  let points: number[] = [];
  const finish = () => {
    if (points.length > 1) ways.push({ ...way, points });
    points = [];
  };
  for (const ref of refs) {
    const point = point_of.get(ref);
    if (point === undefined || placed[point] !== 1) finish();
    else if (points.at(-1) !== point) points.push(point);
  }
  finish();
  return ways;
}
