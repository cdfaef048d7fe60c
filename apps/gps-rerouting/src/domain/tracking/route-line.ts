import { DEGREE_UNITS } from '../graph/geo';
import { at, atF64, atU32, type RoadGraph } from '../graph/road-graph';
import { CLOSED } from '../routing/metric';
import { part } from '../routing/router';
import type { Way } from '../routing/route-through';

/** Where a vehicle stands on its route: the piece of the line, and metres from the tail of the first segment. */
export interface LinePlace {
  readonly piece: number;
  readonly offset_m: number;
}

export interface Projection extends LinePlace {
  readonly distance_m: number;
}

export interface LineWindow {
  readonly near: LinePlace;
  readonly from_m: number;
  readonly to_m: number;
}

/** Further along the line than this is another visit of the same place. */
const ANOTHER_VISIT_M = 25;
const CLEARLY_M = 3;

/** The time that each rest of the route takes, for one version of the metric. */
interface RestTimes {
  readonly version: number;
  /** After segment i to the end; Infinity where something is closed on the way. */
  readonly after_ms: Float64Array;
}

/**
 * A planned route laid out in metres, made once for each plan. A fix is projected onto a window of it by comparing a
 * few numbers in flat arrays: that, thousands of times a second, is what tracking costs.
 */
export class RouteLine {
  readonly #x: Float64Array;
  readonly #y: Float64Array;
  readonly #along_m: Float64Array;
  readonly #segment: Uint32Array;
  readonly #segment_start_m: Float64Array;
  /** Where each stop is, the last one being the end. */
  readonly stop_offsets_m: readonly number[];
  readonly start_m: number;
  readonly end_m: number;
  #rest: RestTimes | undefined;

  constructor(
    private readonly graph: RoadGraph,
    private readonly way: Way,
  ) {
    const { shape_first } = graph.arrays;
    let points = 1;
    for (const edge of way.segment_ids) points += at(shape_first, edge + 1) - at(shape_first, edge) - 1;
    this.#x = new Float64Array(points);
    this.#y = new Float64Array(points);
    this.#along_m = new Float64Array(points);
    this.#segment = new Uint32Array(points);
    this.#segment_start_m = new Float64Array(way.segment_ids.length + 1);
    this.#layOut();
    this.start_m = this.#offsetOf(0, way.from_fraction);
    this.stop_offsets_m = way.stops.map(({ index, fraction }) => this.#offsetOf(index, fraction));
    this.end_m = this.stop_offsets_m.at(-1) ?? this.start_m;
  }

  /** The place where the way begins. */
  get start(): LinePlace {
    return this.locate(this.start_m);
  }

  /**
   * The nearest place to a point of the plane between two offsets; `near` says where to begin to look. Where a way comes
   * back along the same road, both visits are equally near: the later one is taken only when it is clearly nearer.
   */
  project(x: number, y: number, window: LineWindow): Projection {
    let piece = window.near.piece;
    while (piece > 0 && atF64(this.#along_m, piece) > window.from_m) piece--;
    let best = { piece, offset_m: window.near.offset_m, distance_m: Infinity };
    const last = this.#x.length - 1;
    for (; piece < last && atF64(this.#along_m, piece) <= window.to_m; piece++) {
      const [ax, ay, along_m] = [atF64(this.#x, piece), atF64(this.#y, piece), atF64(this.#along_m, piece)];
      const [dx, dy] = [atF64(this.#x, piece + 1) - ax, atF64(this.#y, piece + 1) - ay];
      const length_m = atF64(this.#along_m, piece + 1) - along_m;
      if (length_m === 0 || along_m + length_m < window.from_m) continue;
      const foot_m = ((x - ax) * dx + (y - ay) * dy) / length_m;
      const offset_m = Math.min(Math.max(along_m + foot_m, along_m, window.from_m), along_m + length_m, window.to_m);
      const share = (offset_m - along_m) / length_m;
      const distance_m = Math.hypot(ax + share * dx - x, ay + share * dy - y);
      const bonus_m = offset_m > best.offset_m + ANOTHER_VISIT_M ? CLEARLY_M : 0;
      if (distance_m + bonus_m < best.distance_m) best = { piece, offset_m, distance_m };
    }
    return best;
  }

  /** The place at an offset. */
  locate(offset_m: number): LinePlace {
    let [low, high] = [0, Math.max(0, this.#x.length - 2)];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (atF64(this.#along_m, middle) <= offset_m) low = middle;
      else high = middle - 1;
    }
    return { piece: low, offset_m };
  }

  /** Which segment of the way (by its place in it) a place is on. */
  segmentIndex(place: LinePlace): number {
    return atU32(this.#segment, place.piece);
  }

  /** How far along its segment a place is, 0 to 1. */
  fractionAt(place: LinePlace): number {
    const index = this.segmentIndex(place);
    const start_m = atF64(this.#segment_start_m, index);
    const length_m = atF64(this.#segment_start_m, index + 1) - start_m;
    return length_m === 0 ? 0 : Math.min(1, Math.max(0, (place.offset_m - start_m) / length_m));
  }

  /** Where the n-th segment of the way begins. */
  segmentStartM(index: number): number {
    return atF64(this.#segment_start_m, index);
  }

  /** Time from a place to the end; Infinity when a segment that is still to come is closed. */
  remainingMs(place: LinePlace, metric: { readonly version: number; readonly weights_ms: Uint32Array }): number {
    return this.#timeTo(
      place,
      { index: this.way.segment_ids.length - 1, fraction: this.way.stops.at(-1)?.fraction ?? 1 },
      metric,
    );
  }

  /** Time from a place to each stop, in their order; 0 for those behind. */
  stopTimesMs(place: LinePlace, metric: { readonly version: number; readonly weights_ms: Uint32Array }): number[] {
    return this.way.stops.map((stop, n) =>
      (this.stop_offsets_m[n] ?? 0) <= place.offset_m ? 0 : this.#timeTo(place, stop, metric),
    );
  }

  #timeTo(
    place: LinePlace,
    goal: { readonly index: number; readonly fraction: number },
    metric: { readonly version: number; readonly weights_ms: Uint32Array },
  ): number {
    const index = this.segmentIndex(place);
    const fraction = this.fractionAt(place);
    const weight = (segment: number) => at(metric.weights_ms, at(this.way.segment_ids, segment));
    if (index >= goal.index) return part(this.#passable(index, weight(index)), Math.max(0, goal.fraction - fraction));
    const { after_ms } = this.#restTimes(metric);
    const goal_weight = weight(goal.index);
    if (goal_weight === CLOSED) return Infinity;
    // Both rests end at the same place, so what is between is their difference; beyond a closure both are Infinity.
    const between_ms = this.#between(after_ms, index, goal.index, weight);
    return part(this.#passable(index, weight(index)), 1 - fraction) + between_ms + part(goal_weight, goal.fraction);
  }

  #between(after_ms: Float64Array, index: number, goal: number, weight: (segment: number) => number): number {
    const [rest, behind] = [at(after_ms, index), at(after_ms, goal - 1)];
    if (Number.isFinite(rest)) return rest - behind;
    let sum = 0;
    for (let segment = index + 1; segment < goal; segment++) {
      if (weight(segment) === CLOSED) return Infinity;
      sum += weight(segment);
    }
    return sum;
  }

  /** The segment that the vehicle is on already: a closure finds it inside, and it gets out at free speed. */
  #passable(index: number, weight: number): number {
    return weight === CLOSED ? at(this.graph.arrays.edge_free_ms, at(this.way.segment_ids, index)) : weight;
  }

  #restTimes(metric: { readonly version: number; readonly weights_ms: Uint32Array }): RestTimes {
    if (this.#rest?.version === metric.version) return this.#rest;
    const { segment_ids } = this.way;
    const after_ms = new Float64Array(segment_ids.length);
    let sum = 0;
    for (let index = segment_ids.length - 1; index >= 0; index--) {
      after_ms[index] = sum;
      const weight = at(metric.weights_ms, at(segment_ids, index));
      sum += weight === CLOSED ? Infinity : weight;
    }
    this.#rest = { version: metric.version, after_ms };
    return this.#rest;
  }

  #offsetOf(index: number, fraction: number): number {
    const start_m = atF64(this.#segment_start_m, index);
    return start_m + fraction * (atF64(this.#segment_start_m, index + 1) - start_m);
  }

  #layOut(): void {
    const { shape_first, shape_lat_e7, shape_lon_e7 } = this.graph.arrays;
    const { plane } = this.graph;
    let [count, along_m] = [0, 0];
    this.way.segment_ids.forEach((edge, index) => {
      this.#segment_start_m[index] = along_m;
      const first = at(shape_first, edge) + (index === 0 ? 0 : 1);
      for (let point = first; point < at(shape_first, edge + 1); point++) {
        const x = plane.x(at(shape_lon_e7, point) / DEGREE_UNITS);
        const y = plane.y(at(shape_lat_e7, point) / DEGREE_UNITS);
        if (count > 0) along_m += Math.hypot(x - atF64(this.#x, count - 1), y - atF64(this.#y, count - 1));
        this.#x[count] = x;
        this.#y[count] = y;
        this.#along_m[count] = along_m;
        // The piece that begins here belongs to the next segment when the point is the segment's last one.
        this.#segment[count] =
          point === at(shape_first, edge + 1) - 1 ? Math.min(index + 1, this.way.segment_ids.length - 1) : index;
        count++;
      }
    });
    this.#segment_start_m[this.way.segment_ids.length] = along_m;
  }
}
