import { readEntry } from './batch-reader';
import type { WaitingPosition, Watcher } from './record-watch';
import type { SharedEnvironment } from './shared-environment';

/** A position among those that somebody waits at. */
export interface PlacedPosition {
  readonly environment: SharedEnvironment;
  readonly position: WaitingPosition;
}

/**
 * Sleeps until one of the positions has a record (true) or one of the signals aborts (false). A ring makes the
 * environment that rang look, once for all who wait there.
 *
 * @param onRecords hears the index of each position that was seen to have a record
 */
export async function waitFor(
  positions: readonly PlacedPosition[],
  signals: readonly AbortSignal[],
  onRecords: (index: number) => void = () => undefined,
): Promise<boolean> {
  if (signals.some(({ aborted }) => aborted)) return false;
  let abort = (): void => undefined;
  const watchers: Watcher[] = [];
  try {
    return await new Promise<boolean>((resolve, reject) => {
      abort = () => resolve(false);
      for (const signal of signals) signal.addEventListener('abort', abort);
      positions.forEach(({ environment, position }, index) => {
        const onRecord = (): void => {
          onRecords(index);
          resolve(true);
        };
        const watcher = { position, onRecord, onError: reject };
        watchers.push(watcher);
        // Before the look: what becomes durable behind it rings.
        environment.watch(watcher);
      });
      for (const environment of new Set(positions.map((one) => one.environment))) {
        lookAtOnce(
          environment,
          watchers.filter((_, index) => positions[index]?.environment === environment),
        );
      }
    });
  } finally {
    watchers.forEach((watcher, index) => positions[index]?.environment.unwatch(watcher));
    for (const signal of signals) signal.removeEventListener('abort', abort);
  }
}

function lookAtOnce(environment: SharedEnvironment, watchers: readonly Watcher[]): void {
  if (!environment.exists) return;
  const found = environment.read((file) =>
    watchers.filter(({ position }) => {
      const { topic, partition, next_offset } = position;
      return readEntry(file, topic, partition).next_offset > next_offset;
    }),
  );
  for (const watcher of found) watcher.onRecord();
}
