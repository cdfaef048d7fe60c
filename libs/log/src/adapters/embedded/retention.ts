import { offset, type Offset } from '@nerveline/kernel';
import { batchesFrom, readEntry } from './batch-reader';
import { Pace } from './pace';
import { peekBatchHeader } from './record-batch';
import { expiredBytes } from './segments';
import { truncate, type OwnPartition } from './truncation';

export interface AgeAndSize {
  /** What was appended before this goes. By the append, not by event time: last year's data must not go at once. */
  readonly appended_before_ms: number;
  /** Oldest batches go until the partition is no larger. */
  readonly max_bytes: number;
}

/** Drops the batches that are too old or too much. The last one stays: a writer that resumes looks at it. */
export async function dropExpired(own: OwnPartition, limits: AgeAndSize): Promise<void> {
  await countBytes(own);
  const pace = new Pace();
  for (;;) {
    const before = expiredBelow(own, limits, pace);
    if (before === undefined) return;
    await truncate(own, before);
    await pace.rest();
  }
}

/** Where the partition is to begin, as far as one slice looks; undefined when nothing has expired. */
function expiredBelow(
  own: OwnPartition,
  { appended_before_ms, max_bytes }: AgeAndSize,
  pace: Pace,
): Offset | undefined {
  const { environment, topic, partition } = own;
  return environment.read((file) => {
    const { start_offset, next_offset, size_bytes } = readEntry(file, topic, partition);
    let below: number = start_offset;
    let left_bytes = size_bytes - expiredBytes(file, { topic, partition, start_offset });
    for (const batch of batchesFrom(file, { topic, partition, from: start_offset })) {
      const header = peekBatchHeader(batch);
      const expired = header.appended_ms < appended_before_ms || left_bytes > max_bytes;
      if (!expired || header.last_offset + 1 >= next_offset) break;
      below = Math.max(below, header.last_offset + 1);
      left_bytes -= batch.length;
      if (pace.isOver) break;
    }
    return below > start_offset ? offset(below) : undefined;
  });
}

/** Once, in a partition that an earlier version wrote: from then on each transaction counts. */
async function countBytes({ environment, writer, topic, partition }: OwnPartition): Promise<void> {
  if (!Number.isNaN(environment.read((file) => readEntry(file, topic, partition).size_bytes))) return;
  await writer.submit({
    size_bytes: 0,
    stage: (staging) => {
      let size_bytes = 0;
      for (const batch of batchesFrom(staging.file, { topic, partition, from: offset(0) })) size_bytes += batch.length;
      staging.changeEntry(topic, partition, { size_bytes });
    },
  });
}
