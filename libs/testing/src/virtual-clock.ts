import type { Clock } from '@nerveline/kernel';

/** A clock that stands still until the test moves it. */
export class VirtualClock implements Clock {
  #now_ms: number;

  constructor(start_ms = 1_700_000_000_000) {
    this.#now_ms = start_ms;
  }

  now_ms(): number {
    return this.#now_ms;
  }

  advance(by_ms: number): void {
    this.#now_ms += by_ms;
  }
}
