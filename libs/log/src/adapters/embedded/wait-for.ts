import type { SharedEnvironment } from './shared-environment';

interface Wait {
  readonly environments: Iterable<SharedEnvironment>;
  readonly signals: readonly AbortSignal[];
  /** Looked at first, and after each ring. */
  holds(): boolean;
}

/** Sleeps until a condition on environments holds (true) or one of the signals aborts (false). */
export function waitFor({ environments, signals, holds }: Wait): Promise<boolean> {
  return new Promise<boolean>((resolve, reject) => {
    const unsubscribe: (() => void)[] = [];
    const settle = (act: () => void): void => {
      for (const stop of unsubscribe) stop();
      unsubscribe.length = 0;
      for (const signal of signals) signal.removeEventListener('abort', look);
      act();
    };
    const look = (): void => {
      try {
        if (signals.some(({ aborted }) => aborted)) settle(() => resolve(false));
        else if (holds()) settle(() => resolve(true));
      } catch (error) {
        settle(() => reject(error));
      }
    };
    // First subscribe, then look: what comes between is seen twice rather than never.
    for (const environment of environments) unsubscribe.push(environment.subscribe(look));
    for (const signal of signals) signal.addEventListener('abort', look);
    look();
  });
}
