/** Time and chance as the processor sees them: a simulation has its own. */
export interface Timers {
  now_ms(): number;
  random(): number;
  /** Calls back after the time; gives what takes it back. */
  after(duration_ms: number, act: () => void): () => void;
  /** Resolves when everything else that is due had its turn. */
  turn(): Promise<void>;
}

export const systemTimers: Timers = {
  now_ms: () => Date.now(),
  random: () => Math.random(),
  after(duration_ms, act) {
    const timer = setTimeout(act, duration_ms);
    return () => clearTimeout(timer);
  },
  turn: () => new Promise((resolve) => setImmediate(resolve)),
};

/** Resolves after the time, or at once when the signal aborts. */
export function sleep(timers: Timers, duration_ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = (): void => {
      cancel();
      signal.removeEventListener('abort', end);
      resolve();
    };
    const cancel = timers.after(duration_ms, end);
    signal.addEventListener('abort', end);
  });
}
