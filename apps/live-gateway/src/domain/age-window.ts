/** The ages that matter now: the last so many of the last so long. */
const WINDOW_MS = 10_000;
const SAMPLES_MAX = 1_024;
/** What is older when it comes is a snapshot or a replay, and says nothing of how quick the platform is. */
const AGE_MS_MAX = 600_000;

export interface Percentiles {
  readonly p50_ms: number;
  readonly p99_ms: number;
}

/** How old events were when a stage was done with them, lately. */
export class AgeWindow {
  readonly #at_ms: number[] = [];
  readonly #age_ms: number[] = [];
  #next = 0;

  add(at_ms: number, age_ms: number): void {
    if (age_ms > AGE_MS_MAX) return;
    this.#at_ms[this.#next] = at_ms;
    // Clocks of two processes may differ by a hair.
    this.#age_ms[this.#next] = Math.max(0, age_ms);
    this.#next = (this.#next + 1) % SAMPLES_MAX;
  }

  /** `undefined` when nothing came lately. */
  percentiles(now_ms: number): Percentiles | undefined {
    const recent = this.#age_ms.filter((_, i) => (this.#at_ms[i] ?? 0) > now_ms - WINDOW_MS).sort((a, b) => a - b);
    if (recent.length === 0) return undefined;
    const at = (share: number): number => recent[Math.min(recent.length - 1, Math.floor(recent.length * share))] ?? 0;
    return { p50_ms: at(0.5), p99_ms: at(0.99) };
  }
}
