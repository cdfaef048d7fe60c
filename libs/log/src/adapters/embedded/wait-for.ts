import type { Offset } from '@nerveline/kernel';
import { readEntry } from './batch-reader';
import type { SharedEnvironment } from './shared-environment';

export interface WaitingPosition {
  readonly topic: string;
  readonly partition: number;
  readonly next_offset: Offset;
}

/**
 * Sleeps until one of the positions has a record (true) or one of the signals aborts (false). A ring makes it look at
 * the environment that rang, at all of its positions in one snapshot.
 */
export function waitFor(
  positions: ReadonlyMap<SharedEnvironment, readonly WaitingPosition[]>,
  signals: readonly AbortSignal[],
): Promise<boolean> {
  return new Promise<boolean>((resolve, reject) => {
    const undo: (() => void)[] = [];
    let settled = false;
    const settle = (act: () => void): void => {
      settled = true;
      for (const step of undo) step();
      act();
    };
    const abort = (): void => settle(() => resolve(false));
    const look = (environment: SharedEnvironment, waiting: readonly WaitingPosition[]): void => {
      try {
        if (!settled && hasRecord(environment, waiting)) settle(() => resolve(true));
      } catch (error) {
        settle(() => reject(error));
      }
    };
    if (signals.some(({ aborted }) => aborted)) return resolve(false);
    for (const signal of signals) {
      signal.addEventListener('abort', abort);
      undo.push(() => signal.removeEventListener('abort', abort));
    }
    for (const [environment, waiting] of positions) {
      // First subscribe, then look: what comes between is seen twice rather than never.
      undo.push(environment.subscribe(() => look(environment, waiting)));
      look(environment, waiting);
      if (settled) return;
    }
  });
}

function hasRecord(environment: SharedEnvironment, waiting: readonly WaitingPosition[]): boolean {
  if (!environment.exists) return false;
  return environment.read((file) =>
    waiting.some(({ topic, partition, next_offset }) => readEntry(file, topic, partition).next_offset > next_offset),
  );
}
