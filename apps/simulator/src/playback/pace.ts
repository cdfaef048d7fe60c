import { setTimeout as wait } from 'node:timers/promises';

/** Shorter waits than this aren't worth a timer. */
const SHORTEST_WAIT_MS = 2;

/** Plays event time `speed` times as fast as the wall clock, from the first event on. */
export class Pace {
  readonly #started_ms = Date.now();

  constructor(
    readonly first_event_ms: number,
    readonly speed: number,
    private readonly signal: AbortSignal,
  ) {}

  /** Resolves when an event is due, false when the simulator stops first. Late ones are due at once. */
  async until(event_ms: number): Promise<boolean> {
    const due_in_ms = this.#started_ms + (event_ms - this.first_event_ms) / this.speed - Date.now();
    if (due_in_ms >= SHORTEST_WAIT_MS) await wait(due_in_ms, undefined, { signal: this.signal }).catch(() => undefined);
    return !this.signal.aborted;
  }
}
