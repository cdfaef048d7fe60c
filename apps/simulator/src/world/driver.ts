import type { Random } from './random';

export type LonLat = readonly [lon: number, lat: number];

/** What a driver follows, as the platform planned it. */
export interface Way {
  readonly plan_version: number;
  readonly geometry: readonly LonLat[];
  /** How long the whole way should take. */
  readonly duration_ms: number;
}

export interface Fix {
  readonly lat: number;
  readonly lon: number;
  readonly speed_mps: number;
  readonly heading_deg: number;
  readonly accuracy_m: number;
}

const EARTH_RADIUS_M = 6_371_008.8;
const DEGREE = Math.PI / 180;
const GPS_NOISE_M = 4;
const SLOWEST_MPS = 3;
const FASTEST_MPS = 40;

/** Somebody who drives along a way and whose receiver is a few metres off. */
export class Driver {
  #way: Way | undefined;
  /** Distance from the way's start to each of its points. */
  #reach_m: readonly number[] = [];
  #driven_m = 0;

  constructor(
    readonly vehicle_id: string,
    private readonly random: Random,
  ) {}

  get arrived(): boolean {
    return this.#way === undefined || this.#driven_m >= (this.#reach_m.at(-1) ?? 0);
  }

  get plan_version(): number {
    return this.#way?.plan_version ?? 0;
  }

  /** Takes another way, from the point of it that is nearest to where the driver is. */
  follow(way: Way): void {
    const here = this.#way === undefined ? undefined : this.#place();
    this.#way = way;
    this.#reach_m = reaches(way.geometry);
    const nearest = here === undefined ? 0 : nearestPoint(way.geometry, here.at);
    this.#driven_m = this.#reach_m[nearest] ?? 0;
  }

  /** Drives on. `slowed` is what is left of the free speed here. */
  advance(by_ms: number, slowed: number): void {
    const length_m = this.#reach_m.at(-1) ?? 0;
    this.#driven_m = Math.min(length_m, this.#driven_m + this.#speed_mps(slowed) * (by_ms / 1_000));
  }

  /** Where the driver is, exactly. */
  get place(): LonLat | undefined {
    return this.#way === undefined ? undefined : this.#place().at;
  }

  /** What the receiver says. */
  fix(slowed: number): Fix | undefined {
    if (this.#way === undefined) return undefined;
    const { at, heading_deg } = this.#place();
    const [lon, lat] = at;
    const metre_deg = 1 / (EARTH_RADIUS_M * DEGREE);
    return {
      lat: lat + this.random.normal(0, GPS_NOISE_M) * metre_deg,
      lon: lon + (this.random.normal(0, GPS_NOISE_M) * metre_deg) / Math.cos(lat * DEGREE),
      speed_mps: this.arrived ? 0 : this.#speed_mps(slowed),
      heading_deg,
      accuracy_m: Math.max(3, this.random.normal(6, 2)),
    };
  }

  /** A point of what lies ahead, `share` of the rest away. */
  ahead(share: number): LonLat | undefined {
    const length_m = this.#reach_m.at(-1) ?? 0;
    const at_m = this.#driven_m + (length_m - this.#driven_m) * share;
    return this.#way?.geometry[this.#reach_m.findIndex((reach_m) => reach_m >= at_m)];
  }

  #speed_mps(slowed: number): number {
    const length_m = this.#reach_m.at(-1) ?? 0;
    const planned_mps = length_m / Math.max(1, (this.#way?.duration_ms ?? 0) / 1_000);
    return Math.min(FASTEST_MPS, Math.max(SLOWEST_MPS, planned_mps)) * slowed;
  }

  #place(): { at: LonLat; heading_deg: number } {
    const geometry = this.#way?.geometry ?? [];
    const end = Math.max(
      1,
      this.#reach_m.findIndex((reach_m) => reach_m >= this.#driven_m),
    );
    const a = geometry[end - 1] ?? [0, 0];
    const b = geometry[end] ?? a;
    const from_m = this.#reach_m[end - 1] ?? 0;
    const part = Math.min(1, (this.#driven_m - from_m) / Math.max(0.1, (this.#reach_m[end] ?? from_m) - from_m));
    return { at: [a[0] + (b[0] - a[0]) * part, a[1] + (b[1] - a[1]) * part], heading_deg: headingDeg(a, b) };
  }
}

/** Distance on a plane that touches the earth here: right to a millimetre over the length of a street. */
export function distanceM(a: LonLat, b: LonLat): number {
  const x = (b[0] - a[0]) * Math.cos(((a[1] + b[1]) / 2) * DEGREE);
  return Math.hypot(x, b[1] - a[1]) * DEGREE * EARTH_RADIUS_M;
}

function headingDeg(a: LonLat, b: LonLat): number {
  const x = (b[0] - a[0]) * Math.cos(a[1] * DEGREE);
  return (Math.atan2(x, b[1] - a[1]) / DEGREE + 360) % 360;
}

function reaches(geometry: readonly LonLat[]): number[] {
  let reach_m = 0;
  return geometry.map((point, i) => (reach_m += i === 0 ? 0 : distanceM(geometry[i - 1] ?? point, point)));
}

function nearestPoint(geometry: readonly LonLat[], to: LonLat): number {
  let best = 0;
  let best_m = Number.POSITIVE_INFINITY;
  geometry.forEach((point, i) => {
    const away_m = distanceM(point, to);
    if (away_m < best_m) [best, best_m] = [i, away_m];
  });
  return best;
}
