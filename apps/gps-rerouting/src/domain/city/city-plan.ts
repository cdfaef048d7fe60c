import type { LatLon } from '../graph/geo';

/** Where the city lies: on the Rhine plain. River, streets and names are made up. */
export const CITY_CENTRE: LatLon = { lat: 49.48, lon: 8.44 };

const RIVER_BED = 0.016;

/**
 * The city's ground plan. Streets are the lines of a grid over the square from -1 to 1, which is bent into a disc, so
 * that the lines through the middle become arterials and the squares around it become ring roads; the blocks are
 * smaller in the old town, and slow waves keep everything from being straight.
 */
export class CityPlan {
  readonly #phases: readonly number[];

  constructor(
    random: () => number,
    readonly radius_m: number,
  ) {
    this.#phases = Array.from({ length: 6 }, () => random() * 2 * Math.PI);
  }

  /** How far the river lies from the middle at u. */
  riverAt(u: number): number {
    return -0.17 + 0.1 * Math.sin(u * 2.3 + this.#phase(4)) + 0.03 * Math.sin(u * 6.1 + this.#phase(5));
  }

  /** Metres east and north of the centre for a point of the square. */
  place(u: number, v: number): { readonly x_m: number; readonly y_m: number } {
    const [bank_u, bank_v] = [u, this.#besideRiver(u, v)];
    const [x, y] = intoDisc(denser(bank_u), denser(bank_v));
    const wave = 0.012 * (Math.sin(3.7 * x + this.#phase(0)) + Math.sin(5.3 * y + this.#phase(1)));
    const cross = 0.012 * (Math.sin(4.1 * y + this.#phase(2)) + Math.sin(4.9 * x + this.#phase(3)));
    // Seen from above the plan is turned a little: no street of a grown city runs exactly north.
    const [turned_x, turned_y] = [0.96 * (x + wave) - 0.28 * (y + cross), 0.28 * (x + wave) + 0.96 * (y + cross)];
    return { x_m: turned_x * this.radius_m, y_m: turned_y * this.radius_m };
  }

  /** Pushes the ground off the river on both banks, less and less with the distance. */
  #besideRiver(u: number, v: number): number {
    const across = v - this.riverAt(u);
    const push = RIVER_BED * Math.exp(-Math.abs(across) * 5);
    return v + (across < 0 ? -push : push);
  }

  #phase(index: number): number {
    return this.#phases[index] ?? 0;
  }
}

/** Blocks in the middle are nearly half as wide as at the edge. */
const denser = (value: number): number => value * (0.7 + 0.3 * Math.abs(value));

/**
 * The square from -1 to 1 as a disc: half way between the map that turns the squares around the middle into circles
 * (its diagonals are kinks) and the one that bends every line smoothly (its circles have corners).
 */
function intoDisc(a: number, b: number): readonly [number, number] {
  const ring = Math.max(Math.abs(a), Math.abs(b));
  const reach = ring === 0 ? 0 : ring / Math.hypot(a, b);
  const [smooth_x, smooth_y] = [a * Math.sqrt(1 - (b * b) / 2), b * Math.sqrt(1 - (a * a) / 2)];
  return [0.4 * smooth_x + 0.6 * a * reach, 0.4 * smooth_y + 0.6 * b * reach];
}
