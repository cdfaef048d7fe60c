/** How long the fleet may be worked on before whoever else wants the event loop gets it. */
export const SLICE_MS = 8;

/** Says when it is time to let others have the event loop. It decides when something is done, never what. */
export class TimeSlice {
  readonly #ends_ms: number;

  /** @param now_ms a clock that is never set back */
  constructor(private readonly now_ms: () => number = () => performance.now()) {
    this.#ends_ms = now_ms() + SLICE_MS;
  }

  get is_spent(): boolean {
    return this.now_ms() >= this.#ends_ms;
  }
}
