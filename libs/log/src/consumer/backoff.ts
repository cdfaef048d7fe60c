const FIRST_MS = 20;
const LONGEST_MS = 5_000;

/** How long to wait before the next try: doubled each time up to a limit, and spread so that consumers don't retry in step. */
export function backoffMs(
  failures: number,
  random: () => number = Math.random,
  { first_ms, longest_ms }: { readonly first_ms: number; readonly longest_ms: number } = {
    first_ms: FIRST_MS,
    longest_ms: LONGEST_MS,
  },
): number {
  const ceiling_ms = Math.min(longest_ms, first_ms * 2 ** Math.min(failures - 1, 20));
  return ceiling_ms / 2 + (random() * ceiling_ms) / 2;
}

/** Resolves after the time, or at once when the signal aborts. */
export function pause(duration_ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, duration_ms);
    signal.addEventListener('abort', end);
  });
}
