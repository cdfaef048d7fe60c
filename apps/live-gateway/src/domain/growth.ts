/** How far back a rate looks. */
const WINDOW_MS = 2_500;

interface Sample {
  readonly at_ms: number;
  readonly count: number;
}

/** Turns counters that only rise into rates. */
export class Growth {
  readonly #samples = new Map<string, Sample[]>();

  /** Growth of a counter each second over the last samples; 0 for the first. */
  rate(name: string, count: number, at_ms: number): number {
    const samples = (this.#samples.get(name) ?? []).filter((sample) => sample.at_ms > at_ms - WINDOW_MS);
    samples.push({ at_ms, count });
    this.#samples.set(name, samples);
    const first = samples[0];
    if (first === undefined || first.at_ms === at_ms) return 0;
    // A topic that was reset counts from 0 again.
    return Math.max(0, ((count - first.count) * 1_000) / (at_ms - first.at_ms));
  }
}
