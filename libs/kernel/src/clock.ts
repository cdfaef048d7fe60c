/** Where a program takes the time from. Domain code gets a time as an argument and never sees a clock. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now_ms(): number;
}

/** The machine's wall clock. */
export const systemClock: Clock = { now_ms: () => Date.now() };

/**
 * What the source says about its time: at wall time `wall_ms` its events were at `event_ms`, and they advance `speed`
 * times as fast as the wall clock. A live source is `{ event_ms: t, wall_ms: t, speed: 1 }`.
 */
export interface EventClockSetting {
  readonly event_ms: number;
  readonly wall_ms: number;
  readonly speed: number;
}

/**
 * The event clock: the time of the source, by which "too old" and "in the future" are judged. A source that plays
 * recorded data declares its time and speed; one that declares nothing runs on wall time. Decisions store the reading
 * that they used, so that a replay doesn't depend on when it runs.
 */
export class EventClock implements Clock {
  #setting: EventClockSetting | undefined;

  constructor(private readonly wall: Clock = systemClock) {}

  /** Takes over what the source declared; `undefined` goes back to wall time. */
  declare(setting: EventClockSetting | undefined): void {
    this.#setting = setting;
  }

  /** How many times as fast as the wall clock it runs: what a wait by event time has to be divided by. */
  get speed(): number {
    return this.#setting?.speed ?? 1;
  }

  now_ms(): number {
    const wall_ms = this.wall.now_ms();
    if (this.#setting === undefined) return wall_ms;
    return Math.floor(this.#setting.event_ms + (wall_ms - this.#setting.wall_ms) * this.#setting.speed);
  }
}
