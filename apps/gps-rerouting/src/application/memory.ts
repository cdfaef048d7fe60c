import { NervelineError } from '@nerveline/kernel';

/** A request that was answered, so that the same one gets the same answer. */
export interface Remembered {
  /** What was asked, as JSON. */
  readonly request: string;
  readonly answer: unknown;
  readonly at_ms: number;
}

/** How many answered requests are kept; a retry comes within seconds, not after these many others. */
export const MAX_REMEMBERED = 10_000;

/** The answered requests by idempotency key, the oldest forgotten first. */
export class Memory {
  #entries = new Map<string, Remembered>();

  /**
   * The answer that a request got before.
   *
   * @throws NervelineError `NL-API-007` when the key was used for another request
   */
  recall(key: string, request: string): unknown {
    const known = this.#entries.get(key);
    if (known === undefined) return undefined;
    if (known.request !== request) {
      const detail = 'the idempotency key was used for another request';
      throw new NervelineError('NL-API-007', { detail, field: 'idempotency_key' });
    }
    return known.answer;
  }

  /** Keeps an answer; gives the keys that had to make room. */
  keep(key: string, entry: Remembered): readonly string[] {
    this.#entries.set(key, entry);
    const forgotten: string[] = [];
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= MAX_REMEMBERED) break;
      this.#entries.delete(oldest);
      forgotten.push(oldest);
    }
    return forgotten;
  }

  restore(key: string, entry: Remembered): void {
    this.#entries.set(key, entry);
  }

  /** After the last `restore`: brings the entries into the order of their age. */
  settle(): void {
    this.#entries = new Map([...this.#entries].sort(([, a], [, b]) => a.at_ms - b.at_ms));
  }
}
