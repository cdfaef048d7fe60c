import { offset, type Offset } from '@nerveline/kernel';
import { batchesFrom, readEntry } from './batch-reader';
import { peekBatchHeader } from './record-batch';
import { truncate, type OwnPartition } from './truncation';

/** Batches that one look takes. */
const SLICE_BATCHES = 500;

/**
 * Drops the batches that were appended before a time. By the time of the append, not by event time: a source that plays
 * last year's data must not lose its records at once. The last batch stays: a writer that resumes looks at it.
 */
export async function dropOlderThan(own: OwnPartition, appended_before_ms: number): Promise<void> {
  for (;;) {
    const before = expiredBelow(own, appended_before_ms);
    if (before === undefined) return;
    await truncate(own, before);
  }
}

/** Where the partition is to begin, looking at a bounded number of batches; undefined when none has expired. */
function expiredBelow(own: OwnPartition, appended_before_ms: number): Offset | undefined {
  const { environment, topic, partition } = own;
  return environment.read((file) => {
    const { start_offset, next_offset } = readEntry(file, topic, partition);
    let below: number = start_offset;
    let count = 0;
    for (const batch of batchesFrom(file, { topic, partition, from: start_offset })) {
      const header = peekBatchHeader(batch);
      if (header.appended_ms >= appended_before_ms || header.last_offset + 1 >= next_offset) break;
      below = Math.max(below, header.last_offset + 1);
      if ((count += 1) >= SLICE_BATCHES) break;
    }
    return below > start_offset ? offset(below) : undefined;
  });
}
