import type { LogTopic } from '@nerveline/log';

const HOUR: LogTopic['retention'] = { kind: 'age', retention_ms: 3_600_000 };
const topic = (name: string, owner: string): LogTopic => ({ name, partitions: 1, owner, retention: HOUR });

/** So many partitions wait side by side in the waiting bench. */
export const WAITING_PARTITIONS = 16;

/** The topics of the log bench: each process of it writes one. */
export const catalogue: readonly LogTopic[] = [
  topic('bench', 'bench-writer'),
  topic('handled', 'bench-reader'),
  topic('small-1', 'small-1'),
  topic('small-2', 'small-2'),
  topic('caught-up', 'catcher'),
  { ...topic('many', 'bench-writer'), partitions: WAITING_PARTITIONS },
];

/** Wall time with the resolution of the monotonic clock, comparable between processes of one machine. */
export const preciseNowMs = (): number => performance.timeOrigin + performance.now();

/** How late a timer may be: that much is the generator's own, and it doesn't spin beside what is measured. */
const TIMER_MS = 2;

/**
 * Calls `act` at a steady rate, whether what it began has ended or not, with the time from which its latency counts: when
 * it was due, less the lateness of a timer.
 */
export async function openLoop(
  { per_s, count }: { readonly per_s: number; readonly count: number },
  act: (due_ms: number, i: number) => void,
): Promise<void> {
  const begun_ms = preciseNowMs();
  for (let i = 0; i < count; i += 1) {
    const due_ms = begun_ms + (i * 1_000) / per_s;
    for (let early = due_ms - preciseNowMs(); early > 0; early = due_ms - preciseNowMs()) {
      await new Promise((resolve) => setTimeout(resolve, early));
    }
    act(Math.min(preciseNowMs(), due_ms + TIMER_MS), i);
  }
}

export const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
