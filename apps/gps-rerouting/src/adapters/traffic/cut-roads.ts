import type { TrafficRequest } from '@nerveline/contracts';
import { unreachable } from '@nerveline/kernel';
import { bbox, booleanIntersects, booleanPointInPolygon, buffer, circle, lineString, point } from '@turf/turf';
import type { RoadCutter, Roads } from '../../application/ports';

type Area = Parameters<typeof booleanPointInPolygon>[1];

/** A road runs along a line when this share of it lies beside the line; one that only crosses it doesn't. */
const ALONG_SHARE = 0.6;
/** How closely a road is looked at. */
const SAMPLE_M = 8;

/** Cuts circles and lines against the roads, with the grid to find who comes into question. */
export class TurfRoadCutter implements RoadCutter {
  constructor(private readonly roads: Roads) {}

  segmentsOf(where: TrafficRequest['where']): readonly number[] {
    switch (where.kind) {
      case 'segments':
        return where.segment_ids;
      case 'circle': {
        const { lat, lon } = where.centre;
        const area = circle([lon, lat], where.radius_m, { units: 'meters', steps: 48 });
        return this.#within(area, (line) => booleanIntersects(lineString(line), area));
      }
      case 'line': {
        const line = lineString(where.points.map(({ lat, lon }) => [lon, lat]));
        const area = buffer(line, where.width_m / 2, { units: 'meters', steps: 8 });
        return area === undefined ? [] : this.#within(area, (road) => shareWithin(road, area) >= ALONG_SHARE);
      }
      default:
        return unreachable(where);
    }
  }

  #within(area: Area, covers: (line: [number, number][]) => boolean): number[] {
    const { graph, snap } = this.roads;
    const [west = 0, south = 0, east = 0, north = 0] = bbox(area);
    const { plane } = graph;
    const [x, y] = [plane.x((west + east) / 2), plane.y((south + north) / 2)];
    const reach_m = Math.max(plane.x(east) - x, plane.y(north) - y);
    return [...snap.within(x, y, reach_m)].filter((edge) => covers(graph.geometryOf(edge))).sort((a, b) => a - b);
  }
}

/** The share of a line that lies within an area, by samples. */
function shareWithin(line: readonly [number, number][], area: Area): number {
  const samples = samplesOf(line);
  const inside = samples.filter((sample) => booleanPointInPolygon(point(sample), area));
  return samples.length === 0 ? 0 : inside.length / samples.length;
}

const M_PER_DEGREE = 111_195;

function samplesOf(line: readonly [number, number][]): [number, number][] {
  const samples: [number, number][] = [];
  line.slice(1).forEach(([to_lon, to_lat], index) => {
    const [lon = to_lon, lat = to_lat] = line[index] ?? [];
    const length_m = Math.hypot((to_lon - lon) * Math.cos((lat * Math.PI) / 180), to_lat - lat) * M_PER_DEGREE;
    const steps = Math.max(1, Math.ceil(length_m / SAMPLE_M));
    for (let step = 0; step < steps; step++) {
      const share = (step + 0.5) / steps;
      samples.push([lon + share * (to_lon - lon), lat + share * (to_lat - lat)]);
    }
  });
  return samples;
}
