import { rmSync } from 'node:fs';
import { NervelineError, type Offset } from '@nerveline/kernel';
import { batchesBelow } from './batch-reader';
import type { EnvironmentWriter } from './environment-writer';
import { batchKey } from './keys';
import { readSegments, segmentKey } from './segments';
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
  // Nobody reads below the start any more: segments and batches go behind it.
  await dropSegments(own);
  for (let more = true; more;) {
    const bases = environment.read((file) => batchesBelow(file, { topic, partition, below: before }, SLICE_BATCHES));
    more = bases.length === SLICE_BATCHES;
    if (bases.length > 0) await remove(own, bases);
  }
}

/** Those that lie wholly below the start. Their files go last: one that no transaction knows is swept. */
async function dropSegments({ environment, writer, topic, partition }: OwnPartition): Promise<void> {
  if (environment.read((file) => readSegments(file, topic, partition).length) === 0) return;
  const dropped = await writer.submit({
    size_bytes: 0,
    stage: (staging) => {
      const { start_offset, size_bytes } = staging.entry(topic, partition);
      const below = readSegments(staging.file, topic, partition).filter((one) => one.last_offset < start_offset);
      let left_bytes = size_bytes;
      for (const segment of below) {
        left_bytes -= segment.size_bytes;
        staging.write({ store: 'meta', key: segmentKey(topic, partition, segment.base_offset), value: null });
      }
      staging.changeEntry(topic, partition, { size_bytes: left_bytes });
      return below;
    },
  });
  for (const { path } of dropped) rmSync(path, { force: true });
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
