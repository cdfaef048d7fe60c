const FIRST_MS = 200;
const MOST_MS = 15_000;

/** A program that ran this long before it died starts with a clean record. */
export const STEADY_MS = 30_000;

/**
 * How long to wait before a restart: doubling with each failure in a row, and spread over half its length so that
 * programs that died together don't all come back at one moment.
 *
 * @param failures in a row, from 1
 * @param chance from 0 to 1, drawn anew for each wait
 */
export function restartDelay_ms(failures: number, chance: number): number {
  const full_ms = Math.min(MOST_MS, FIRST_MS * 2 ** Math.min(failures - 1, 16));
  return Math.round(full_ms * (0.5 + chance / 2));
}
