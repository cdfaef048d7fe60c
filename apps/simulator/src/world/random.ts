/** Node's timers take 31 bits, and a longer wait is none: at a rate of 0 events would come as fast as they can. */
const LONGEST_GAP_MS = 2 ** 31 - 1;

/**
 * A seeded stream of random numbers (sfc32): the same seed gives the same world. Each actor has a stream of its own, so
 * that one actor's pace doesn't change what another one does.
 */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: number, stream: string) {
    this.#a = seed >>> 0;
    this.#b = hash(stream);
    this.#c = 0x9e37_79b9;
    for (let i = 0; i < 12; i++) this.next();
  }

  /** In [0, 1). */
  next(): number {
    const sum = (this.#a + this.#b + this.#counter++) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum;
    return (sum >>> 0) / 2 ** 32;
  }

  /** An integer from 0 to `below - 1`. */
  below(below: number): number {
    return Math.floor(this.next() * below);
  }

  between(from: number, to: number): number {
    return from + this.next() * (to - from);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<const Items extends readonly [unknown, ...unknown[]]>(items: Items): Items[number] {
    return items[this.below(items.length)] ?? items[0];
  }

  /** Normal distribution (Box and Muller). */
  normal(mean: number, deviation: number): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.next()));
    return mean + deviation * radius * Math.cos(2 * Math.PI * this.next());
  }

  /** Time to the next of events that happen `rate_per_s` times a second on average (Poisson); as long as a timer takes. */
  gap_ms(rate_per_s: number): number {
    return Math.min((-Math.log(1 - this.next()) / rate_per_s) * 1_000, LONGEST_GAP_MS);
  }

  /** An integer from 0 to `below - 1`, small ones more often, as sales are spread over products (Zipf, exponent 1). */
  zipf(below: number): number {
    return Math.min(below - 1, Math.floor(Math.exp(this.next() * Math.log(below + 1)) - 1));
  }
}

/** FNV-1a. */
function hash(text: string): number {
  let h = 0x811c_9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x0100_0193);
  return h >>> 0;
}
