import { buildGraph, type BuiltGraph, type RoadMap, type RoadWay } from '../graph/build-graph';
import { DEGREE_UNITS, LocalPlane } from '../graph/geo';
import type { RoadClass } from '../graph/road-class';
import { CITY_CENTRE, CityPlan } from './city-plan';
import { seededRandom } from './seeded-random';
import { sectorName, streetNames } from './street-names';

const KMH = 1 / 3.6;
/** Width of a block at the edge of the city. */
const BLOCK_M = 150;
/** Directed segments that one crossing of the grid yields in the mean: measured, the one-way streets counted. */
const SEGMENTS_PER_CROSSING = 3.4;
/** Where the ring roads lie between the middle (0) and the edge (1). */
const INNER_RING = 0.34;
const OUTER_RING = 0.82;
const CLOSED_BLOCK_SHARE = 0.13;
/** How far a crossing may lie from where the grid has it, in blocks. */
const UNEVENNESS = 0.22;
const ONE_WAY_SHARE = 0.4;

interface Line {
  readonly road_class: RoadClass;
  readonly speed_mps: number;
  readonly name: string;
  /** 0 both ways, 1 with the grid's numbers, -1 against them. */
  readonly one_way: -1 | 0 | 1;
  /** Crosses the river. */
  readonly bridge: boolean;
}

/** One piece of street between neighbouring crossings, in the grid's numbers. */
interface Piece {
  readonly i: number;
  readonly j: number;
  readonly along: 'row' | 'column';
}

/**
 * A made-up city of about `size` directed segments (tens of thousands look right): a river with few bridges, two ring
 * roads, arterials, one-way streets in the old town, parks. The same seed and size give the same city, byte for byte.
 */
export function syntheticCity(seed: number, size: number): BuiltGraph {
  const half = Math.max(6, Math.round((Math.sqrt(size / SEGMENTS_PER_CROSSING) - 1) / 2));
  return buildGraph(new CityBuilder(seed, half).build());
}

class CityBuilder {
  readonly #random: () => number;
  readonly #plan: CityPlan;
  readonly #plane = new LocalPlane(CITY_CENTRE);
  readonly #rows: readonly Line[];
  readonly #columns: readonly Line[];
  readonly #inner: number;
  readonly #outer: number;
  readonly #lat_e7: number[] = [];
  readonly #lon_e7: number[] = [];
  readonly #crossings = new Map<number, number>();

  constructor(
    seed: number,
    private readonly half: number,
  ) {
    this.#random = seededRandom(seed);
    this.#plan = new CityPlan(this.#random, half * BLOCK_M);
    const names = streetNames(this.#random);
    this.#inner = Math.round(half * INNER_RING);
    this.#outer = Math.round(half * OUTER_RING);
    this.#rows = this.#lines(['West Avenue', 'East Avenue'], names);
    this.#columns = this.#lines(['South Avenue', 'North Avenue'], names);
  }

  build(): RoadMap {
    const ways: RoadWay[] = [];
    const parks = Array.from({ length: 4 }, () => this.#park());
    const { half } = this;
    for (let i = -half; i <= half; i++) {
      for (let j = -half; j <= half; j++) {
        for (const along of ['row', 'column'] as const) {
          const way = this.#way({ i, j, along }, parks);
          if (way !== undefined) ways.push(way);
        }
      }
    }
    return { lat_e7: Int32Array.from(this.#lat_e7), lon_e7: Int32Array.from(this.#lon_e7), ways };
  }

  /** The lines of one direction, from -half to half. */
  #lines(avenues: readonly [string, string], names: () => string): Line[] {
    const { half } = this;
    return Array.from({ length: 2 * half + 1 }, (_, index) => {
      const number = index - half;
      const fixed = { one_way: 0, bridge: true } as const;
      if (number === 0) return { ...fixed, road_class: 'primary', speed_mps: 55 * KMH, name: avenues.join('|') };
      if (number % this.#inner === 0) {
        return { ...fixed, bridge: false, road_class: 'secondary', speed_mps: 50 * KMH, name: names() };
      }
      const name = names();
      if (number % 4 === 0) {
        return { ...fixed, bridge: false, road_class: 'tertiary', speed_mps: 42 * KMH, name };
      }
      const old_town = Math.abs(number) < this.#inner;
      const one_way = old_town && this.#random() < ONE_WAY_SHARE ? (number % 2 === 0 ? 1 : -1) : 0;
      return { road_class: 'residential', speed_mps: 29 * KMH, name, one_way, bridge: false };
    });
  }

  #way(piece: Piece, parks: readonly Park[]): RoadWay | undefined {
    const { i, j, along } = piece;
    const [to_i, to_j] = along === 'row' ? [i + 1, j] : [i, j + 1];
    if (to_i > this.half || to_j > this.half) return undefined;
    const line = this.#lineOf(piece);
    if (this.#crossesRiver(piece) && !line.bridge) return undefined;
    const local = line.road_class === 'residential';
    // Drawn for every piece, whether it is used or not: a change of one rule leaves the rest of the city as it is.
    const closed = this.#random() < CLOSED_BLOCK_SHARE;
    if (local && (closed || parks.some((park) => park(i, j)))) return undefined;
    const ends = [this.#crossing(i, j), this.#crossing(to_i, to_j)];
    const middle = this.#point((i + to_i) / 2, (j + to_j) / 2);
    const points = [ends[0] ?? 0, middle, ends[1] ?? 0];
    return {
      points: line.one_way === -1 ? points.toReversed() : points,
      road_class: line.road_class,
      name: this.#nameOf(line, piece),
      speed_mps: line.speed_mps,
      direction: line.one_way === 0 ? 'both' : 'forward',
    };
  }

  #lineOf(piece: Piece): Line {
    const { i, j, along } = piece;
    const line = (along === 'row' ? this.#rows[j + this.half] : this.#columns[i + this.half]) ?? UNNAMED;
    const [fixed, running] = along === 'row' ? [j, i] : [i, j];
    const onRing = (ring: number) => Math.abs(fixed) === ring && running >= -ring && running < ring;
    if (onRing(this.#outer)) {
      return { road_class: 'trunk', speed_mps: 85 * KMH, name: 'Outer Ring', one_way: 0, bridge: true };
    }
    if (onRing(this.#inner)) {
      return { road_class: 'primary', speed_mps: 60 * KMH, name: 'Ring', one_way: 0, bridge: true };
    }
    const middle = along === 'row' ? running + 0.5 : fixed;
    const old_town = Math.abs(fixed) < this.#inner && Math.abs(middle) < this.#inner;
    return line.one_way !== 0 && !(old_town && Math.abs(running) < this.#inner) ? { ...line, one_way: 0 } : line;
  }

  #nameOf(line: Line, { i, j, along }: Piece): string {
    if (line.name === 'Ring' || line.name === 'Outer Ring') {
      const { x_m, y_m } = this.#plan.place(i / this.half, j / this.half);
      const name = sectorName(line.name, x_m, y_m);
      return this.#crossesRiver({ i, j, along }) ? `${name} Bridge` : name;
    }
    const [negative = '', positive = negative] = line.name.split('|');
    const name = (along === 'row' ? i : j) < 0 ? negative : positive;
    return this.#crossesRiver({ i, j, along }) ? `${name} Bridge` : name;
  }

  #crossesRiver({ i, j, along }: Piece): boolean {
    const { half } = this;
    const side = (a: number, b: number) => b / half > this.#plan.riverAt(a / half);
    return along === 'row' ? side(i, j) !== side(i + 1, j) : side(i, j) !== side(i, j + 1);
  }

  #crossing(i: number, j: number): number {
    const key = (i + this.half) * (2 * this.half + 1) + j + this.half;
    const known = this.#crossings.get(key);
    if (known !== undefined) return known;
    const point = this.#point(i, j);
    this.#crossings.set(key, point);
    return point;
  }

  #point(i: number, j: number): number {
    const share = this.#isQuiet(i, this.#columns) && this.#isQuiet(j, this.#rows) ? UNEVENNESS : UNEVENNESS / 6;
    const [du, dv] = [(this.#random() - 0.5) * share, (this.#random() - 0.5) * share];
    const { x_m, y_m } = this.#plan.place((i + du) / this.half, (j + dv) / this.half);
    this.#lat_e7.push(Math.round(this.#plane.lat(y_m) * DEGREE_UNITS));
    this.#lon_e7.push(Math.round(this.#plane.lon(x_m) * DEGREE_UNITS));
    return this.#lat_e7.length - 1;
  }

  /** Local streets are uneven, the main ones were laid out. */
  #isQuiet(number: number, lines: readonly Line[]): boolean {
    if (Math.abs(number) === this.#outer) return false;
    const line = lines[Math.round(number) + this.half];
    return line?.road_class === 'residential' || line?.road_class === 'tertiary';
  }

  /** An ellipse without local streets. */
  #park(): Park {
    const { half } = this;
    const [at_i, at_j] = [(this.#random() * 1.4 - 0.7) * half, (this.#random() * 1.4 - 0.7) * half];
    const [wide, high] = [half * (0.06 + 0.08 * this.#random()), half * (0.06 + 0.08 * this.#random())];
    return (i, j) => ((i - at_i) / wide) ** 2 + ((j - at_j) / high) ** 2 < 1;
  }
}

type Park = (i: number, j: number) => boolean;

const UNNAMED: Line = { road_class: 'residential', speed_mps: 29 * KMH, name: '', one_way: 0, bridge: false };
