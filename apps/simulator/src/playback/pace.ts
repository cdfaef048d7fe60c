import { setTimeout as wait } from 'node:timers/promises';

/** Shorter waits than this aren't worth a timer. */
const SHORTEST_WAIT_MS = 2;

export interface Playing {
  /** Event time passes this many times as fast as wall time. */
  readonly speed: number;
  /** Events that are due later than this after the first one aren't played. */
  readonly for_ms?: number | undefined;
}

/** Plays event time `speed` times as fast as the wall clock, from the first event on. */
export class Pace {
  readonly #started_ms = Date.now();

  constructor(
    readonly first_event_ms: number,
    private readonly playing: Playing,
    private readonly signal: AbortSignal,
  ) {}

  /** Resolves when an event is due; false when it won't be played. Late ones are due at once. */
  async until(event_ms: number): Promise<boolean> {
    const { speed, for_ms = Number.POSITIVE_INFINITY } = this.playing;
    const due_after_ms = (event_ms - this.first_event_ms) / speed;
    if (due_after_ms > for_ms) return false;
    const due_in_ms = this.#started_ms + due_after_ms - Date.now();
    if (due_in_ms >= SHORTEST_WAIT_MS) await wait(due_in_ms, undefined, { signal: this.signal }).catch(() => undefined);
    return !this.signal.aborted;
  }
}
