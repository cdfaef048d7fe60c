import { setTimeout as wait } from 'node:timers/promises';

/** How long a ready program is left alone after it has answered: few enough looks that an idle platform stays idle. */
const LOOK_EVERY_MS = 2_000;

/** How long one look waits. An answer costs a millisecond, so only a machine at its limit comes near this. */
export const ANSWER_DEADLINE_MS = 2_000;

/** Looks in a row without an answer that make a hang: together a good deal more than the longest work of any service. */
const MOST_MISSES = 4;

/** A look that took this much longer than its deadline says that we had no processor time, and nothing of the program. */
const LATE_MS = 500;

/** At most one program is killed in this time: starts cost more than anything else, and a storm of them feeds itself. */
const KILL_SPACING_MS = 5_000;

/** What one look found. */
export interface Look {
  readonly answered: boolean;
  /** How much longer than its deadline it took. */
  readonly late_ms: number;
}

/** Missed answers in a row after one more look: a look that we made too late counts neither way. */
export function missesAfter(misses: number, { answered, late_ms }: Look): number {
  if (answered) return 0;
  return late_ms > LATE_MS ? misses : misses + 1;
}

/** Lets the programs of one platform be killed one at a time. */
export class KillPermits {
  #last_ms = Number.NEGATIVE_INFINITY;

  /** @param now_ms of a clock that never goes back */
  take(now_ms: number): boolean {
    if (now_ms - this.#last_ms < KILL_SPACING_MS) return false;
    this.#last_ms = now_ms;
    return true;
  }
}

/** How a program is watched for a hang. */
export interface HangWatch {
  /** One look whether it answers; gives up after {@link ANSWER_DEADLINE_MS}. */
  readonly isAlive: () => Promise<boolean>;
  /** Is it still the process to look at? */
  readonly goesOn: () => boolean;
  readonly permits: KillPermits;
}

/** Resolves with how long a program has been silent once it hangs and may be killed; undefined when it is gone. */
export async function untilHung({ isAlive, goesOn, permits }: HangWatch): Promise<number | undefined> {
  let answered_ms = performance.now();
  for (let misses = 0; goesOn();) {
    const begun_ms = performance.now();
    const answered = await isAlive();
    const took_ms = performance.now() - begun_ms;
    if (answered) answered_ms = performance.now();
    // A refused connection is told at once: a miss still takes its whole time.
    const rest_ms = answered ? LOOK_EVERY_MS : Math.max(0, ANSWER_DEADLINE_MS - took_ms);
    await wait(rest_ms, undefined, { ref: false });
    misses = missesAfter(misses, { answered, late_ms: took_ms - ANSWER_DEADLINE_MS });
    if (misses >= MOST_MISSES && goesOn() && permits.take(performance.now())) return performance.now() - answered_ms;
  }
  return undefined;
}
