import type { Verdict } from '@nerveline/contracts';

/** Verdicts in the order of their codes. */
export const VERDICTS: readonly Verdict[] = ['allow', 'review', 'block'];

/** What a minute of decisions comes to. */
export interface DecisionTotals {
  readonly count: number;
  readonly by_verdict: Readonly<Record<Verdict, number>>;
  /** Sums in minor units by currency, of what was blocked and of what waits for review. */
  readonly blocked_minor: ReadonlyMap<string, number>;
  readonly review_minor: ReadonlyMap<string, number>;
}

export interface Dot {
  readonly event_ms: number;
  readonly amount_minor: number;
  readonly currency: string;
  readonly verdict: Verdict;
  readonly partition: number;
  readonly offset: number;
}

/**
 * The last decisions, as columns of numbers: a minute at 1,000 decisions/s is 60,000, which as objects would cost 20 MB
 * and a pause of the collector in the middle of a frame.
 */
export class DecisionDots {
  readonly #event_ms: Float64Array;
  readonly #amount_minor: Float64Array;
  readonly #verdict: Uint8Array;
  readonly #currency: Uint8Array;
  readonly #partition: Uint16Array;
  readonly #offset: Float64Array;
  readonly #currencies: string[] = [];
  #written = 0;

  constructor(readonly capacity = 65_536) {
    this.#event_ms = new Float64Array(capacity);
    this.#amount_minor = new Float64Array(capacity);
    this.#verdict = new Uint8Array(capacity);
    this.#currency = new Uint8Array(capacity);
    this.#partition = new Uint16Array(capacity);
    this.#offset = new Float64Array(capacity);
  }

  clear(): void {
    this.#written = 0;
  }

  add(dot: Dot): void {
    const slot = this.#written % this.capacity;
    this.#event_ms[slot] = dot.event_ms;
    this.#amount_minor[slot] = dot.amount_minor;
    this.#verdict[slot] = VERDICTS.indexOf(dot.verdict);
    this.#currency[slot] = this.#currencyCode(dot.currency);
    this.#partition[slot] = dot.partition;
    this.#offset[slot] = dot.offset;
    this.#written += 1;
  }

  /** Calls back for each decision since `since_ms` (event time), with its slot. */
  forEachSince(since_ms: number, visit: (slot: number, event_ms: number) => void): void {
    const length = Math.min(this.#written, this.capacity);
    for (let slot = 0; slot < length; slot += 1) {
      const event_ms = this.#event_ms[slot] ?? 0;
      if (event_ms >= since_ms) visit(slot, event_ms);
    }
  }

  amountAt(slot: number): number {
    return this.#amount_minor[slot] ?? 0;
  }

  verdictAt(slot: number): Verdict {
    return VERDICTS[this.#verdict[slot] ?? 0] ?? 'allow';
  }

  dotAt(slot: number): Dot {
    return {
      event_ms: this.#event_ms[slot] ?? 0,
      amount_minor: this.amountAt(slot),
      currency: this.#currencies[this.#currency[slot] ?? 0] ?? '',
      verdict: this.verdictAt(slot),
      partition: this.#partition[slot] ?? 0,
      offset: this.#offset[slot] ?? 0,
    };
  }

  totalsSince(since_ms: number): DecisionTotals {
    const by_verdict = { allow: 0, review: 0, block: 0 };
    const sums = { review: new Map<string, number>(), block: new Map<string, number>() };
    let count = 0;
    this.forEachSince(since_ms, (slot) => {
      const verdict = this.verdictAt(slot);
      by_verdict[verdict] += 1;
      count += 1;
      if (verdict === 'allow') return;
      const currency = this.#currencies[this.#currency[slot] ?? 0] ?? '';
      sums[verdict].set(currency, (sums[verdict].get(currency) ?? 0) + this.amountAt(slot));
    });
    return { count, by_verdict, blocked_minor: sums.block, review_minor: sums.review };
  }

  #currencyCode(currency: string): number {
    const known = this.#currencies.indexOf(currency);
    if (known >= 0) return known;
    return this.#currencies.push(currency) - 1;
  }
}
