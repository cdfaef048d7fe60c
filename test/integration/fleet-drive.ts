import { LocalPlane } from '../../apps/gps-rerouting/src/domain/graph/geo';

export interface Drive {
  readonly vehicle_id: string;
  readonly start_ms: number;
  readonly speed_mps?: number;
  readonly interval_ms?: number;
  /** Metres that a fix is off the line, to either side in turn. */
  readonly noise_m?: number;
  readonly upTo_m?: number;
  readonly from_m?: number;
}

export interface DrivenFix {
  readonly vehicle_id: string;
  readonly lat: number;
  readonly lon: number;
  readonly event_ms: number;
  readonly accuracy_m: number;
}

/** What a receiver would send that drives along a line at one speed. */
export function fixesAlong(line: readonly (readonly [number, number])[], drive: Drive): DrivenFix[] {
  const { vehicle_id, start_ms, speed_mps = 12, interval_ms = 1_000, noise_m = 0, upTo_m = Infinity } = drive;
  const [first_lon = 0, first_lat = 0] = line[0] ?? [];
  const plane = new LocalPlane({ lat: first_lat, lon: first_lon });
  const points = line.map(([lon, lat]) => [plane.x(lon), plane.y(lat)] as const);
  const fixes: DrivenFix[] = [];
  const step_m = (speed_mps * interval_ms) / 1_000;
  let [due_m, done_m] = [drive.from_m ?? 0, 0];
  for (let index = 1; index < points.length; index++) {
    const [[ax, ay], [bx, by]] = [points[index - 1] ?? [0, 0], points[index] ?? [0, 0]];
    const piece_m = Math.hypot(bx - ax, by - ay);
    for (; due_m <= done_m + piece_m && due_m <= upTo_m; due_m += step_m) {
      const share = piece_m === 0 ? 0 : (due_m - done_m) / piece_m;
      const side = fixes.length % 2 === 0 ? noise_m : -noise_m;
      const [x, y] = [
        ax + share * (bx - ax) - (side * (by - ay)) / (piece_m || 1),
        ay + share * (by - ay) + (side * (bx - ax)) / (piece_m || 1),
      ];
      const event_ms = start_ms + fixes.length * interval_ms;
      fixes.push({ vehicle_id, lat: plane.lat(y), lon: plane.lon(x), event_ms, accuracy_m: 5 });
    }
    done_m += piece_m;
  }
  return fixes;
}
