import type { TrafficRequest, trafficRequest } from '@nerveline/contracts';
import type { z } from 'zod';
import { distanceM, type LonLat } from './driver';
import type { Random } from './random';

/** A jam, closure or rain as a caller writes it. */
export type Incident = z.input<typeof trafficRequest>;

interface Slow {
  readonly centre: LonLat;
  readonly radius_m: number;
  readonly factor: number;
  readonly ends_at_ms: number;
}

/** Incidents at the same time. */
const MOST_AT_ONCE = 6;

/** Decides what happens on the roads, and slows the drivers that are in it. */
export class Roads {
  #open: Slow[] = [];
  #number = 0;

  constructor(
    private readonly random: Random,
    private readonly run: string,
  ) {}

  /** Something new at a point, unless the city has enough of it. */
  next(at: LonLat, now_ms: number): Incident | undefined {
    this.#open = this.#open.filter(({ ends_at_ms }) => ends_at_ms > now_ms);
    if (this.#open.length >= MOST_AT_ONCE) return undefined;
    this.#number += 1;
    const incident_id = `incident-${this.run}-${this.#number}`;
    const { kind, reason, radius_m, speed_factor, lasts_ms } = this.#draw();
    const ends_at_ms = Math.floor(now_ms + lasts_ms);
    // A closed road is empty, not slow.
    if (kind !== 'closure') this.#open.push({ centre: at, radius_m, factor: speed_factor, ends_at_ms });
    return {
      idempotency_key: incident_id,
      incident_id,
      kind,
      where: { kind: 'circle', centre: { lon: at[0], lat: at[1] }, radius_m },
      ...(kind !== 'closure' && { speed_factor }),
      reason,
      ends_at_ms,
    };
  }

  /** What is left of the free speed at a place. */
  slowedAt(at: LonLat, now_ms: number): number {
    let slowed = 1;
    for (const { centre, radius_m, factor, ends_at_ms } of this.#open) {
      if (ends_at_ms > now_ms && distanceM(at, centre) <= radius_m) slowed = Math.min(slowed, factor);
    }
    return slowed;
  }

  #draw(): { kind: TrafficRequest['kind']; reason: string; radius_m: number; speed_factor: number; lasts_ms: number } {
    const { random } = this;
    const lasts_ms = random.between(90_000, 240_000);
    if (random.chance(0.2))
      return {
        kind: 'closure',
        reason: 'burst water main',
        radius_m: random.between(20, 45),
        speed_factor: 1,
        lasts_ms,
      };
    if (random.chance(0.2))
      return {
        kind: 'weather',
        reason: 'heavy rain',
        radius_m: random.between(900, 2_000),
        speed_factor: 0.7,
        lasts_ms,
      };
    const reason = random.pick(['accident', 'roadworks', 'rush hour', 'broken-down lorry']);
    return {
      kind: 'jam',
      reason,
      radius_m: random.between(120, 320),
      speed_factor: random.between(0.12, 0.4),
      lasts_ms,
    };
  }
}
