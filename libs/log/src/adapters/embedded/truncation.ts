import { NervelineError, type Offset } from '@nerveline/kernel';
import { batchesBelow } from './batch-reader';
import type { EnvironmentWriter } from './environment-writer';
import { batchKey } from './keys';
import type { SharedEnvironment } from './shared-environment';

/** Batches that one transaction removes: looking up their sizes and freeing them takes a millisecond at most. */
const SLICE_BATCHES = 32;

/** A partition of the own environment. */
export interface OwnPartition {
  readonly environment: SharedEnvironment;
  readonly writer: EnvironmentWriter;
  readonly topic: string;
  readonly partition: number;
}

/**
 * Moves the start of a partition, then removes the batches that lie wholly below it.
 *
 * @throws NervelineError `NL-LOG-009` beyond the tail, and what a commit throws
 */
export async function truncate(own: OwnPartition, before: Offset): Promise<void> {
  const { environment, writer, topic, partition } = own;
  await writer.submit({
    size_bytes: 0,
    stage: (staging) => {
      const entry = staging.entry(topic, partition);
      if (before > entry.next_offset) {
        const detail = `${topic}/${partition} ends before ${entry.next_offset}, it can't be truncated before ${before}`;
        throw new NervelineError('NL-LOG-009', { detail });
      }
      if (before > entry.start_offset) staging.changeEntry(topic, partition, { start_offset: before });
    },
  });
  // Nobody reads below the start any more: the batches go in slices behind it.
  for (let more = true; more;) {
    const bases = environment.read((file) => batchesBelow(file, { topic, partition, below: before }, SLICE_BATCHES));
    more = bases.length === SLICE_BATCHES;
    if (bases.length > 0) await remove(own, bases);
  }
}

async function remove({ writer, topic, partition }: OwnPartition, bases: readonly Offset[]): Promise<void> {
  await writer.submit({
    size_bytes: 0,
    stage: (staging) => {
      for (const base of bases) {
        staging.replaceBatch({ topic, partition, key: batchKey(topic, partition, base), value: undefined });
      }
    },
  });
}
