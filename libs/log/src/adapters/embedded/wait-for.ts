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
export async function waitFor(
  positions: ReadonlyMap<SharedEnvironment, readonly WaitingPosition[]>,
  signals: readonly AbortSignal[],
): Promise<boolean> {
  const rung = new Set(positions.keys());
  let wake: () => void = () => undefined;
  const abort = (): void => wake();
  const unsubscribe = [...positions.keys()].map((environment) =>
    environment.subscribe(() => {
      rung.add(environment);
      wake();
    }),
  );
  for (const signal of signals) signal.addEventListener('abort', abort);
  try {
    for (;;) {
      if (signals.some(({ aborted }) => aborted)) return false;
      for (const environment of rung) if (hasRecord(environment, positions.get(environment) ?? [])) return true;
      rung.clear();
      await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    for (const stop of unsubscribe) stop();
    for (const signal of signals) signal.removeEventListener('abort', abort);
  }
}

function hasRecord(environment: SharedEnvironment, waiting: readonly WaitingPosition[]): boolean {
  if (!environment.exists) return false;
  return environment.read((file) =>
    waiting.some(({ topic, partition, next_offset }) => readEntry(file, topic, partition).next_offset > next_offset),
  );
}
