/** A straight way on the screen from where a vehicle was shown to its newest fix. */
export interface Glide {
  readonly from_lon: number;
  readonly from_lat: number;
  readonly to_lon: number;
  readonly to_lat: number;
  readonly starts_ms: number;
  readonly lasts_ms: number;
}

/** A vehicle arrives at its fix when the next one is due: about the time between the last two. */
const FIRST_LASTS_MS = 1_000;
const SHORTEST_MS = 150;
const LONGEST_MS = 3_000;
/** A jump that no vehicle drives: it is shown at once. About 2 km. */
const JUMP_DEG = 0.02;

export function glideTo(
  before: Glide | null,
  fix: { readonly lat: number; readonly lon: number },
  now_ms: number,
): Glide {
  const at = before === null ? { lon: fix.lon, lat: fix.lat } : glideAt(before, now_ms);
  const jumped = Math.abs(at.lon - fix.lon) > JUMP_DEG || Math.abs(at.lat - fix.lat) > JUMP_DEG;
  const since_ms = before === null ? FIRST_LASTS_MS : now_ms - before.starts_ms;
  return {
    from_lon: jumped ? fix.lon : at.lon,
    from_lat: jumped ? fix.lat : at.lat,
    to_lon: fix.lon,
    to_lat: fix.lat,
    starts_ms: now_ms,
    lasts_ms: Math.min(LONGEST_MS, Math.max(SHORTEST_MS, since_ms)),
  };
}

/** Where it is shown at an instant; never beyond its fix. */
export function glideAt(glide: Glide, now_ms: number): { lon: number; lat: number } {
  const part = Math.min(1, Math.max(0, (now_ms - glide.starts_ms) / glide.lasts_ms));
  return {
    lon: glide.from_lon + (glide.to_lon - glide.from_lon) * part,
    lat: glide.from_lat + (glide.to_lat - glide.from_lat) * part,
  };
}
