/** How often a condition is looked at. */
const POLL_MS = 10;

/**
 * Waits until a condition holds and gives what it found; fails at the deadline with the last thing that was wrong.
 *
 * @param condition gives a value when it holds, and `undefined`, `false` or an exception while it doesn't
 */
export async function eventually<T>(
  condition: () => T | undefined | false | Promise<T | undefined | false>,
  options: { readonly within_ms?: number; readonly what?: string } = {},
): Promise<T> {
  const { within_ms = 10_000, what = 'the condition' } = options;
  const deadline_ms = performance.now() + within_ms;
  let last: unknown;
  for (;;) {
    try {
      const found = await condition();
      if (found !== undefined && found !== false) return found;
    } catch (error) {
      last = error;
    }
    if (performance.now() >= deadline_ms)
      throw new Error(`${what} did not hold within ${within_ms} ms`, { cause: last });
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
