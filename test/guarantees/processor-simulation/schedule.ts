import type { Timers } from '@nerveline/log';

/** The same numbers for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = a;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

interface Event {
  at_ms: number;
  readonly owner: Life | undefined;
  readonly act: () => void;
}

/** A process of the simulation: what it waits for never happens once it is dead, and later while it is stopped. */
export interface Life {
  dead: boolean;
  /** SIGSTOP until then. */
  stopped_until_ms: number;
}

/**
 * Virtual time, one event after another; those that are due at once happen in an order that the seed chooses. After each
 * event every promise that it settled is followed to its end.
 */
export class Schedule {
  readonly #events: Event[] = [];
  now_ms = 1_700_000_000_000;
  steps = 0;

  constructor(readonly random: () => number) {}

  after(delay_ms: number, act: () => void, owner?: Life): () => void {
    const event: Event = { at_ms: this.now_ms + Math.max(0, delay_ms), owner, act };
    this.#events.push(event);
    return () => {
      const at = this.#events.indexOf(event);
      if (at >= 0) this.#events.splice(at, 1);
    };
  }

  timersOf(owner: Life): Timers {
    return {
      now_ms: () => this.now_ms,
      random: this.random,
      after: (delay_ms, act) => this.after(delay_ms, act, owner),
      turn: () => new Promise((resolve) => this.after(0, resolve, owner)),
    };
  }

  /** One event; false when there is none. */
  async step(): Promise<boolean> {
    const event = this.#next();
    if (event === undefined) return false;
    this.steps += 1;
    event.act();
    await new Promise((resolve) => setImmediate(resolve));
    return true;
  }

  #next(): Event | undefined {
    for (;;) {
      if (this.#events.length === 0) return undefined;
      let first_ms = Infinity;
      for (const { at_ms } of this.#events) first_ms = Math.min(first_ms, at_ms);
      const due = this.#events.filter(({ at_ms }) => at_ms <= first_ms);
      const event = due[Math.floor(this.random() * due.length)];
      if (event === undefined) return undefined;
      this.now_ms = Math.max(this.now_ms, event.at_ms);
      const { owner } = event;
      if (owner !== undefined && !owner.dead && owner.stopped_until_ms > this.now_ms) {
        event.at_ms = owner.stopped_until_ms;
        continue;
      }
      this.#events.splice(this.#events.indexOf(event), 1);
      if (owner?.dead === true) continue;
      return event;
    }
  }
}
