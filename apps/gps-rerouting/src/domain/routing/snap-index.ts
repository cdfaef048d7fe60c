import { DEGREE_UNITS, footFraction, headingDeg, turnDeg, type LatLon } from '../graph/geo';
import { at, type RoadGraph } from '../graph/road-graph';
import type { EdgePlace } from './router';

const CELL_M = 250;
/** What a segment that leads the other way must be nearer by to be taken all the same. */
const WRONG_WAY_PENALTY_M = 40;
const WRONG_WAY_DEG = 60;

export interface Snap extends EdgePlace {
  readonly distance_m: number;
}

export interface SnapQuery {
  readonly place: LatLon;
  readonly radius_m: number;
  /** Where the vehicle heads, when it moves. */
  readonly heading_deg?: number;
}

/** Finds segments by place: a grid over the map with the segments of each cell, in two flat arrays. */
export class SnapIndex {
  readonly #columns: number;
  readonly #rows: number;
  readonly #west_m: number;
  readonly #south_m: number;
  readonly #first: Uint32Array;
  readonly #edges: Uint32Array;

  constructor(private readonly graph: RoadGraph) {
    const { plane, bounds } = graph;
    this.#west_m = plane.x(bounds.west);
    this.#south_m = plane.y(bounds.south);
    this.#columns = Math.floor((plane.x(bounds.east) - this.#west_m) / CELL_M) + 1;
    this.#rows = Math.floor((plane.y(bounds.north) - this.#south_m) / CELL_M) + 1;
    const cells: number[][] = Array.from({ length: this.#columns * this.#rows }, () => []);
    for (let edge = 0; edge < graph.edge_count; edge++) this.#file(edge, cells);
    this.#first = new Uint32Array(cells.length + 1);
    cells.forEach((edges, cell) => (this.#first[cell + 1] = at(this.#first, cell) + edges.length));
    this.#edges = Uint32Array.from(cells.flat());
  }

  /** The best few places on segments within the radius, the nearest first; of equal ones the lower id. */
  nearest(query: SnapQuery, count = 4): Snap[] {
    const { plane } = this.graph;
    const [x, y] = [plane.x(query.place.lon), plane.y(query.place.lat)];
    const found: { snap: Snap; score: number }[] = [];
    for (const edge of this.within(x, y, query.radius_m)) {
      const { snap, heading_deg } = this.#project(edge, x, y);
      if (snap.distance_m > query.radius_m) continue;
      const turn = query.heading_deg === undefined ? 0 : turnDeg(heading_deg, query.heading_deg);
      found.push({ snap, score: snap.distance_m + (turn > WRONG_WAY_DEG ? WRONG_WAY_PENALTY_M : 0) });
    }
    found.sort((a, b) => a.score - b.score || a.snap.edge - b.snap.edge);
    return found.slice(0, count).map(({ snap }) => snap);
  }

  /** The nearest place and, on a two-way street, the same place in the other direction: where a trip may begin or end. */
  ends(query: SnapQuery): Snap[] {
    const [best] = this.nearest(query, 1);
    if (best === undefined) return [];
    const twin = at(this.graph.arrays.edge_twin, best.edge);
    return twin === -1 ? [best] : [best, { ...best, edge: twin, fraction: 1 - best.fraction }];
  }

  /** Segments of the cells that a square around a point of the plane touches, each once. */
  within(x_m: number, y_m: number, reach_m: number): Set<number> {
    const edges = new Set<number>();
    for (const cell of this.#cells(x_m - reach_m, y_m - reach_m, x_m + reach_m, y_m + reach_m)) {
      for (let index = at(this.#first, cell); index < at(this.#first, cell + 1); index++) {
        edges.add(at(this.#edges, index));
      }
    }
    return edges;
  }

  #project(edge: number, x: number, y: number): { snap: Snap; heading_deg: number } {
    const { shape_first } = this.graph.arrays;
    let best = { distance_m: Infinity, along_m: 0, heading_deg: 0 };
    let length_m = 0;
    for (let point = at(shape_first, edge); point + 1 < at(shape_first, edge + 1); point++) {
      const [a, b] = [this.#point(point), this.#point(point + 1)];
      const piece_m = Math.hypot(b[0] - a[0], b[1] - a[1]);
      const fraction = footFraction(x, y, a, b);
      const distance_m = Math.hypot(a[0] + fraction * (b[0] - a[0]) - x, a[1] + fraction * (b[1] - a[1]) - y);
      if (distance_m < best.distance_m) {
        best = {
          distance_m,
          along_m: length_m + fraction * piece_m,
          heading_deg: headingDeg(b[0] - a[0], b[1] - a[1]),
        };
      }
      length_m += piece_m;
    }
    const fraction = length_m === 0 ? 0 : best.along_m / length_m;
    return { snap: { edge, fraction, distance_m: best.distance_m }, heading_deg: best.heading_deg };
  }

  #point(point: number): [number, number] {
    const { shape_lat_e7, shape_lon_e7 } = this.graph.arrays;
    const { plane } = this.graph;
    return [plane.x(at(shape_lon_e7, point) / DEGREE_UNITS), plane.y(at(shape_lat_e7, point) / DEGREE_UNITS)];
  }

  #file(edge: number, cells: number[][]): void {
    const { shape_first } = this.graph.arrays;
    const filed = new Set<number>();
    for (let point = at(shape_first, edge); point + 1 < at(shape_first, edge + 1); point++) {
      const [a, b] = [this.#point(point), this.#point(point + 1)];
      const [west, east] = [Math.min(a[0], b[0]), Math.max(a[0], b[0])];
      const [south, north] = [Math.min(a[1], b[1]), Math.max(a[1], b[1])];
      for (const cell of this.#cells(west, south, east, north)) filed.add(cell);
    }
    for (const cell of filed) cells[cell]?.push(edge);
  }

  *#cells(west: number, south: number, east: number, north: number): Generator<number> {
    const column = (x: number) => Math.floor((x - this.#west_m) / CELL_M);
    const row = (y: number) => Math.floor((y - this.#south_m) / CELL_M);
    for (let r = Math.max(0, row(south)); r <= Math.min(this.#rows - 1, row(north)); r++) {
      for (let c = Math.max(0, column(west)); c <= Math.min(this.#columns - 1, column(east)); c++) {
        yield r * this.#columns + c;
      }
    }
  }
}
