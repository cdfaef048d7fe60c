import type { Refuse } from '../playback/playable';

/** Somebody in the outside world who goes about their business until the simulator stops. */
export interface Actor {
  readonly name: string;
  /** Everything that must be there before the first act: shops, stock, vehicles. All actors are prepared before any acts. */
  prepare(signal: AbortSignal): Promise<void>;
  /** Resolves when the actor has nothing left to do, or the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
  /** What it has done so far, for a comparison with what the platform shows. */
  readonly counts: Readonly<Record<string, number>>;
}

/** Counts by name, from 0. */
export class Counts {
  readonly values: Record<string, number> = {};

  add(name: string, by = 1): void {
    this.values[name] = (this.values[name] ?? 0) + by;
  }
}

/** Counts each row that is refused, and tells it on. */
export const countRefused =
  (counts: Counts, refuse: Refuse): Refuse =>
  (refusal) => {
    counts.add('refused_rows');
    refuse(refusal);
  };
