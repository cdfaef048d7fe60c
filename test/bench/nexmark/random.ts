/** A mix of 32 bits in which every bit depends on every other. */
export function mix(word: number): number {
  let z = Math.imul(word ^ (word >>> 16), 0x21f0aaad);
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
  return z ^ (z >>> 15);
}

/** Random numbers that follow from a state of 32 bits, the same in every language. */
export class Random {
  #state = 0;

  constructor(state: number) {
    this.#state = state | 0;
  }

  /** Begins anew from an event's id. */
  seed(id: number): void {
    // Ids beyond 2^32 wrap, as `| 0` does up to 2^53.
    this.#state = mix(id | 0);
  }

  /** The next word. */
  word(): number {
    this.#state = (this.#state + 0x9e3779b9) | 0;
    return mix(this.#state);
  }

  /** A whole number below n. */
  below(n: number): number {
    return (this.word() >>> 1) % n;
  }
}
