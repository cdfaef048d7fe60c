/** Mean radius of the earth (IUGG), the one that @turf uses too. */
const EARTH_RADIUS_M = 6_371_008.8;
const RADIANS = Math.PI / 180;

export const DEGREE_UNITS = 1e7;

export interface LatLon {
  readonly lat: number;
  readonly lon: number;
}

/** Great-circle distance (haversine), for lengths that are computed once. */
export function distanceM(a: LatLon, b: LatLon): number {
  const half_lat = ((b.lat - a.lat) * RADIANS) / 2;
  const half_lon = ((b.lon - a.lon) * RADIANS) / 2;
  const h = Math.sin(half_lat) ** 2 + Math.cos(a.lat * RADIANS) * Math.cos(b.lat * RADIANS) * Math.sin(half_lon) ** 2;
  return 2 * EARTH_RADIUS_M * Math.asin(Math.min(1, Math.sqrt(h)));
}

/**
 * Metres on a plane that touches the earth at one point. A fix is projected thousands of times a second, and within a
 * city's 50 km the plane is off by less than GPS noise.
 */
export class LocalPlane {
  readonly #m_per_lon: number;
  readonly #m_per_lat = EARTH_RADIUS_M * RADIANS;

  constructor(readonly origin: LatLon) {
    this.#m_per_lon = EARTH_RADIUS_M * RADIANS * Math.cos(origin.lat * RADIANS);
  }

  x(lon: number): number {
    return (lon - this.origin.lon) * this.#m_per_lon;
  }

  y(lat: number): number {
    return (lat - this.origin.lat) * this.#m_per_lat;
  }

  lon(x_m: number): number {
    return this.origin.lon + x_m / this.#m_per_lon;
  }

  lat(y_m: number): number {
    return this.origin.lat + y_m / this.#m_per_lat;
  }
}

/** Clockwise from north, 0 to 360, of a vector on the plane. */
export function headingDeg(dx: number, dy: number): number {
  const degrees = Math.atan2(dx, dy) / RADIANS;
  return degrees < 0 ? degrees + 360 : degrees;
}

/** The smaller angle between two headings, 0 to 180. */
export function turnDeg(a_deg: number, b_deg: number): number {
  const turn = Math.abs(a_deg - b_deg) % 360;
  return turn > 180 ? 360 - turn : turn;
}

/** Where the foot of a point stands on the piece from a to b: 0 at a, 1 at b. */
export function footFraction(
  px: number,
  py: number,
  a: readonly [number, number],
  b: readonly [number, number],
): number {
  const dx = b[0] - a[0];
  const dy = b[1] - a[1];
  const square = dx * dx + dy * dy;
  if (square === 0) return 0;
  const fraction = ((px - a[0]) * dx + (py - a[1]) * dy) / square;
  return fraction < 0 ? 0 : fraction > 1 ? 1 : fraction;
}
