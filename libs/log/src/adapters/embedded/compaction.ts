import { offset, type Offset } from '@nerveline/kernel';
import { batchAfter, batchesFrom, readEntry } from './batch-reader';
import { batchKey } from './keys';
import { LastOffsets } from './last-offsets';
import { Pace } from './pace';
import { BatchCursor, type ByteRange } from './batch-cursor';
import { cutBatch, readBatchHeader, type BatchHeader } from './record-batch';
import { readSegments } from './segments';
import type { OwnPartition } from './truncation';

/** A tombstone stays for readers that are behind, then goes too. */
const TOMBSTONE_KEPT_MS = 24 * 3_600_000;

export interface CompactionOptions {
  /** New records that make a pass worth it. */
  readonly min_records: number;
  readonly now_ms: number;
}

interface Pass {
  readonly own: OwnPartition;
  readonly pace: Pace;
  readonly last: LastOffsets;
  /** Where the partition ended when the pass began. */
  readonly next_offset: Offset;
  readonly now_ms: number;
}

/**
 * Leaves the last record of each key. Records keep their offsets and their order, whole batches disappear or are
 * written again with fewer records; the partition's last record stays whatever it is.
 */
export async function compact(own: OwnPartition, { min_records, now_ms }: CompactionOptions): Promise<void> {
  const { environment, writer, topic, partition } = own;
  const { entry, moved_to } = environment.read((file) => ({
    entry: readEntry(file, topic, partition),
    // Of a topic that was kept by age before: its segments stay as they are.
    moved_to: (readSegments(file, topic, partition).at(-1)?.last_offset ?? -1) + 1,
  }));
  const { next_offset, compacted_to, compacted_records } = entry;
  const start_offset = offset(Math.max(entry.start_offset, moved_to));
  // As many new records as old ones: the work for a record stays bounded however long the topic lives.
  if (next_offset - compacted_to < Math.max(min_records, compacted_records)) return;
  const pass: Pass = { own, pace: new Pace(), last: new LastOffsets(), next_offset, now_ms };
  let end = start_offset;
  while (end < next_offset && !pass.last.isFull) {
    end = noteSlice(pass, end);
    await pass.pace.rest();
  }
  const kept = await rewrite(pass, start_offset, end);
  await writer.submit({
    size_bytes: 0,
    stage: (staging) => {
      staging.changeEntry(topic, partition, { compacted_to: end, compacted_records: kept });
    },
  });
}

/** Notes where the keys are that a slice comes to; gives where the next one begins. */
function noteSlice({ own, pace, last, next_offset }: Pass, from: Offset): Offset {
  const { environment, topic, partition } = own;
  return environment.read((file) => {
    for (const batch of batchesFrom(file, { topic, partition, from })) {
      const header = readBatchHeader(batch, `${topic}/${partition} at ${from}`);
      const cursor = new BatchCursor(batch, header);
      while (cursor.next()) {
        const at = cursor.offset;
        if (at < from) continue;
        if (at >= next_offset) return next_offset;
        if (cursor.key !== null) last.note(cursor.key, at);
        if (last.isFull || pace.isDue) return offset(at + 1);
      }
      if (pace.isOver && header.last_offset >= from) return offset(header.last_offset + 1);
    }
    return next_offset;
  });
}

/** Writes the batches below `end` again that lose records, one by one; gives how many records stay. */
async function rewrite(pass: Pass, start: Offset, end: Offset): Promise<number> {
  const { own, pace } = pass;
  const { environment, topic, partition } = own;
  let kept = 0;
  for (let from = start; from < end;) {
    const batch = environment.read((file) => batchAfter(file, { topic, partition, from }));
    if (batch === undefined) break;
    const header = readBatchHeader(batch, `${topic}/${partition} at ${from}`);
    if (header.base_offset >= end) break;
    const { ranges, count } = await keptRanges(pass, { batch, header, end });
    kept += count;
    if (count < header.record_count) {
      if (pace.isOver) await pace.rest();
      await replace(own, header, cutBatch({ batch, ranges, count }));
      pace.begin();
    }
    from = offset(header.last_offset + 1);
    if (pace.isOver) await pace.rest();
  }
  return kept;
}

/** Which bytes of a batch hold the records that stay. The batch is a copy: it may be looked at over several slices. */
async function keptRanges(
  { pace, last, next_offset, now_ms }: Pass,
  { batch, header, end }: { readonly batch: Buffer; readonly header: BatchHeader; readonly end: Offset },
): Promise<{ ranges: ByteRange[]; count: number }> {
  const tombstones_stay = header.appended_ms > now_ms - TOMBSTONE_KEPT_MS;
  const stays = (cursor: BatchCursor): boolean => {
    const { key, offset: at } = cursor;
    if (key === null || at >= end || at === next_offset - 1) return true;
    return last.of(key) === at && (tombstones_stay || !cursor.isTombstone);
  };
  const ranges: ByteRange[] = [];
  let count = 0;
  const cursor = new BatchCursor(batch, header);
  while (cursor.next()) {
    if (pace.isDue) await pace.rest();
    if (!stays(cursor)) continue;
    count += 1;
    const { from, to } = cursor.range;
    const before = ranges.at(-1);
    if (before?.to === from) ranges[ranges.length - 1] = { from: before.from, to };
    else ranges.push({ from, to });
  }
  return { ranges, count };
}

/** @param value undefined when no record of the batch stays */
async function replace(
  { writer, topic, partition }: OwnPartition,
  header: BatchHeader,
  value: Buffer | undefined,
): Promise<void> {
  await writer.submit({
    size_bytes: value?.length ?? 0,
    stage: (staging) => {
      // Truncated meanwhile: writing it again would bring it back.
      if (header.last_offset < staging.entry(topic, partition).start_offset) return;
      staging.replaceBatch({ topic, partition, key: batchKey(topic, partition, header.base_offset), value });
    },
  });
}
