import { at, type RoadGraph } from '../graph/road-graph';

/** The weight of a segment that can't be driven. */
export const CLOSED = 0xffff_ffff;

/** What slows or closes segments, as long as it lasts. */
export interface Incident {
  readonly incident_id: string;
  readonly kind: 'jam' | 'closure' | 'weather';
  readonly segment_ids: readonly number[];
  /** What is left of the free speed; not used for a closure. */
  readonly speed_factor: number;
  readonly reason: string;
  readonly ends_at_ms: number | null;
}

/**
 * The time over every segment right now: free time, and the incidents on it. The version counts the changes; routes of
 * one version are all found on the same weights.
 */
export class Metric {
  readonly weights_ms: Uint32Array;
  /** What is left of each segment's free speed: 1 free, 0 closed. */
  readonly speed_factors: Float32Array;
  readonly #incidents = new Map<string, Incident>();
  readonly #on_segment = new Map<number, Set<string>>();
  #version = 0;

  constructor(private readonly graph: RoadGraph) {
    this.weights_ms = graph.arrays.edge_free_ms.slice();
    this.speed_factors = new Float32Array(graph.edge_count).fill(1);
  }

  get version(): number {
    return this.#version;
  }

  get incidents(): ReadonlyMap<string, Incident> {
    return this.#incidents;
  }

  /** Puts an incident in the place of what it was before, if it was; gives the segments whose weight changed. */
  apply(incident: Incident): number[] {
    const touched = new Set(this.#take(incident.incident_id));
    this.#incidents.set(incident.incident_id, incident);
    for (const edge of incident.segment_ids) {
      touched.add(edge);
      const ids = this.#on_segment.get(edge);
      if (ids === undefined) this.#on_segment.set(edge, new Set([incident.incident_id]));
      else ids.add(incident.incident_id);
    }
    return this.#refresh(touched);
  }

  /** Lifts an incident. */
  clear(incident_id: string): number[] {
    return this.#refresh(this.#take(incident_id));
  }

  /** Goes on from a version that was stored. */
  restoreVersion(version: number): void {
    this.#version = version;
  }

  #take(incident_id: string): readonly number[] {
    const incident = this.#incidents.get(incident_id);
    if (incident === undefined) return [];
    this.#incidents.delete(incident_id);
    for (const edge of incident.segment_ids) {
      const ids = this.#on_segment.get(edge);
      ids?.delete(incident_id);
      if (ids?.size === 0) this.#on_segment.delete(edge);
    }
    return incident.segment_ids;
  }

  #refresh(segments: Iterable<number>): number[] {
    this.#version++;
    const changed: number[] = [];
    for (const edge of segments) {
      const factor = this.#factorOf(edge);
      const weight = factor === 0 ? CLOSED : Math.ceil(at(this.graph.arrays.edge_free_ms, edge) / factor);
      if (weight === at(this.weights_ms, edge)) continue;
      this.weights_ms[edge] = weight;
      this.speed_factors[edge] = factor;
      changed.push(edge);
    }
    return changed;
  }

  /** The worst jam and the worst weather on a segment multiply; a closure closes. */
  #factorOf(edge: number): number {
    let jam = 1;
    let weather = 1;
    for (const incident_id of this.#on_segment.get(edge) ?? []) {
      const incident = this.#incidents.get(incident_id);
      if (incident === undefined) continue;
      if (incident.kind === 'closure') return 0;
      if (incident.kind === 'jam') jam = Math.min(jam, incident.speed_factor);
      else weather = Math.min(weather, incident.speed_factor);
    }
    return jam * weather;
  }
}
