import { randomUUID } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { offset, type Offset } from '@nerveline/kernel';
import { batchesBelow, batchesFrom, readEntry } from './batch-reader';
import { FORMAT_KEY, FORMAT_WITH_SEGMENTS } from './environment-file';
import { batchKey } from './keys';
import { Pace } from './pace';
import { readBatchHeader, type BatchHeader } from './record-batch';
import { SegmentWriter } from './segment-file';
import { encodeSegment, readSegments, segmentDirectory, segmentKey, segmentName, UNFINISHED } from './segments';
import type { OwnPartition } from './truncation';

/** What one slice copies at most. */
const SLICE_BYTES = 1024 * 1024;
/** Batches that one transaction removes. */
const SLICE_BATCHES = 32;

interface Moved {
  readonly base_offset: Offset;
  readonly last_offset: Offset;
  readonly size_bytes: number;
  readonly path: string;
}

/**
 * Moves the oldest batches of a partition out of the environment into files of `segment_bytes`, which can be removed as a
 * whole when they expire: the environment's own file keeps its size for good, so it must never grow with the log.
 *
 * Each step may be the last of a process. The file is whole and synced before the transaction that makes the partition
 * read from it; the batches go in transactions behind that one. A file that no transaction knows is swept; batches that
 * stayed behind are removed at the next pass.
 */
export async function rollSegments(own: OwnPartition, segment_bytes: number, isStopped: () => boolean): Promise<void> {
  await removeMoved(own);
  while (!isStopped() && bytesInside(own) >= segment_bytes) {
    const moved = await writeSegment(own, segment_bytes);
    if (moved === undefined) return;
    if (!(await register(own, moved))) {
      rmSync(moved.path, { force: true });
      return;
    }
    await removeMoved(own);
  }
}

/** Not a number, and no reason to move anything, while an earlier version's entry was not counted: see retention. */
function bytesInside({ environment, topic, partition }: OwnPartition): number {
  return environment.read((file) => {
    let { size_bytes } = readEntry(file, topic, partition);
    for (const segment of readSegments(file, topic, partition)) size_bytes -= segment.size_bytes;
    return size_bytes;
  });
}

async function writeSegment(own: OwnPartition, segment_bytes: number): Promise<Moved | undefined> {
  const { environment, topic, partition } = own;
  const from = environment.read((file) => movedTo(file, own) ?? readEntry(file, topic, partition).start_offset);
  const directory = segmentDirectory(environment.directory);
  if (mkdirSync(directory, { recursive: true }) !== undefined) await syncDirectory(environment.directory);
  const path = join(directory, segmentName(topic, partition, `${from}-${process.pid}-${randomUUID().slice(0, 8)}`));
  const segment = await SegmentWriter.create(`${path}${UNFINISHED}`);
  const headers: BatchHeader[] = [];
  try {
    const pace = new Pace();
    for (let next: number = from; segment.size_bytes < segment_bytes;) {
      const max_bytes = Math.min(SLICE_BYTES, segment_bytes - segment.size_bytes);
      const slice = takeSlice(own, offset(next), { pace, max_bytes });
      const last = slice.at(-1);
      if (last === undefined) break;
      await segment.add(slice);
      for (const { header } of slice) headers.push(header);
      next = last.header.last_offset + 1;
      await pace.rest();
    }
    await segment.finish();
  } finally {
    await segment.close();
  }
  const [first] = headers;
  const last = headers.at(-1);
  if (first === undefined || last === undefined) {
    rmSync(`${path}${UNFINISHED}`, { force: true });
    return undefined;
  }
  await rename(`${path}${UNFINISHED}`, path);
  await syncDirectory(directory);
  return { base_offset: first.base_offset, last_offset: last.last_offset, size_bytes: segment.size_bytes, path };
}

/** Checked, so that no segment vouches for a damaged batch. The last batch stays where writers that resume look. */
function takeSlice(
  own: OwnPartition,
  from: Offset,
  { pace, max_bytes }: { readonly pace: Pace; readonly max_bytes: number },
): { batch: Buffer; header: BatchHeader }[] {
  const { environment, topic, partition } = own;
  return environment.read((file) => {
    const { next_offset } = readEntry(file, topic, partition);
    const slice: { batch: Buffer; header: BatchHeader }[] = [];
    let size_bytes = 0;
    for (const batch of batchesFrom(file, { topic, partition, from })) {
      const header = readBatchHeader(batch, `${topic}/${partition} at ${from}`);
      if (header.last_offset < from) continue;
      if (header.last_offset + 1 >= next_offset) break;
      slice.push({ batch, header });
      size_bytes += batch.length;
      if (size_bytes >= max_bytes || pace.isOver) break;
    }
    return slice;
  });
}

/** False when there is nothing to read in it any more, or it was moved by somebody else. */
function register({ writer, topic, partition }: OwnPartition, moved: Moved): Promise<boolean> {
  const { base_offset, last_offset, size_bytes, path } = moved;
  const value = encodeSegment({ file: path.slice(dirname(path).length + 1), last_offset, size_bytes });
  return writer.submit({
    size_bytes: value.length,
    stage: (staging) => {
      const before = readSegments(staging.file, topic, partition).at(-1);
      if (before !== undefined && before.last_offset >= base_offset) return false;
      if (staging.entry(topic, partition).start_offset > last_offset) return false;
      staging.write({ store: 'meta', key: segmentKey(topic, partition, base_offset), value, version: 0 });
      staging.write({ store: 'meta', key: FORMAT_KEY, value: FORMAT_WITH_SEGMENTS, version: 0 });
      return true;
    },
  });
}

/** The oldest first, so that what the environment still holds reaches to the tail without a gap. */
async function removeMoved(own: OwnPartition): Promise<void> {
  const { environment, writer, topic, partition } = own;
  const below = environment.read((file) => movedTo(file, own));
  if (below === undefined) return;
  for (let more = true; more;) {
    const bases = environment.read((file) => batchesBelow(file, { topic, partition, below }, SLICE_BATCHES));
    more = bases.length === SLICE_BATCHES;
    if (bases.length === 0) return;
    await writer.submit({
      size_bytes: 0,
      stage: (staging) => {
        for (const base of bases) {
          staging.write({ store: 'batches', key: batchKey(topic, partition, base), value: null });
        }
      },
    });
  }
}

function movedTo(file: Parameters<typeof readSegments>[0], { topic, partition }: OwnPartition): Offset | undefined {
  const last = readSegments(file, topic, partition).at(-1);
  return last === undefined ? undefined : offset(last.last_offset + 1);
}

/** What was just named there must not vanish with a power cut. */
async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
