import { setTimeout } from 'node:timers/promises';

/** Longer than that, background work never keeps the event loop from the service's own. */
const SLICE_MS = 1;
/** What the service gets in between: background work takes a third of the thread at most. */
const REST_MS = 2;
/** Looking at the clock costs as much as a few records. */
const STEPS_PER_LOOK = 32;

/** Cuts background work into slices of about a millisecond, so that none passes two. */
export class Pace {
  #end_ms = 0;
  #steps = 0;

  constructor() {
    this.begin();
  }

  /** Whether the slice is over; asked once for each small step. */
  get isDue(): boolean {
    this.#steps += 1;
    return this.#steps % STEPS_PER_LOOK === 0 && this.isOver;
  }

  /** The same for a large step, such as a batch. */
  get isOver(): boolean {
    return performance.now() >= this.#end_ms;
  }

  /** Lets the service work, then begins a new slice. */
  async rest(): Promise<void> {
    await setTimeout(REST_MS);
    this.begin();
  }

  begin(): void {
    this.#end_ms = performance.now() + SLICE_MS;
  }
}
