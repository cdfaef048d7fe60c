import { setImmediate } from 'node:timers/promises';
import { offset, type Offset } from '@nerveline/kernel';
import type { LogRecord } from '../../ports/log';
import { batchesFrom, readEntry, readRecords } from './batch-reader';
import { batchKey } from './keys';
import { decodeRecords, encodeBatch, prepareRecord, readBatchHeader, type BatchHeader } from './record-batch';
import type { OwnPartition } from './truncation';

/** Keys that one pass keeps in memory, some 150 bytes each; a partition with more is compacted up to where they end. */
const MAX_KEYS = 1_000_000;
/** What one look reads and one transaction rewrites, so that the service's own work comes in between. */
const SLICE_BYTES = 1024 * 1024;
/** A tombstone stays for readers that are behind, then goes too. */
const TOMBSTONE_KEPT_MS = 24 * 3_600_000;

export interface CompactionOptions {
  /** New records that make a pass worth it. */
  readonly min_records: number;
  readonly now_ms: number;
}

/**
 * Leaves the last record of each key. Records keep their offsets and their order, whole batches disappear or are
 * written again with fewer records; the partition's last record stays whatever it is.
 */
export async function compact(own: OwnPartition, { min_records, now_ms }: CompactionOptions): Promise<void> {
  const { environment, writer, topic, partition } = own;
  const { next_offset, compacted_to, compacted_records } = environment.read((file) =>
    readEntry(file, topic, partition),
  );
  // As many new records as old ones: the work for a record stays bounded however long the topic lives.
  if (next_offset - compacted_to < Math.max(min_records, compacted_records)) return;
  const { last, end } = await lastOffsets(own, next_offset);
  const stays = (record: LogRecord): boolean => {
    if (record.key === null || record.offset >= end || record.offset === next_offset - 1) return true;
    if (last.get(keyOf(record.key)) !== record.offset) return false;
    return record.value !== null || record.appended_ms > now_ms - TOMBSTONE_KEPT_MS;
  };
  const kept = await rewrite(own, end, stays);
  await writer.submit({
    size_bytes: 0,
    stage: (staging) => {
      const entry = staging.entry(topic, partition);
      staging.setEntry(topic, partition, { ...entry, compacted_to: end, compacted_records: kept });
    },
  });
}

/** The offset of each key's last record below `end`, which is the given one unless the keys are too many. */
async function lastOffsets(
  own: OwnPartition,
  next_offset: Offset,
): Promise<{ last: Map<string, Offset>; end: Offset }> {
  const { environment, topic, partition } = own;
  const last = new Map<string, Offset>();
  for (let from = environment.read((file) => readEntry(file, topic, partition).start_offset); from < next_offset;) {
    const request = { topic, partition, from, max_bytes: SLICE_BYTES };
    const batch = environment.read((file) => readRecords(file, request));
    for (const { key, offset: at } of batch.records) {
      if (at >= next_offset) break;
      if (key !== null) last.set(keyOf(key), at);
      if (last.size >= MAX_KEYS) return { last, end: offset(at + 1) };
    }
    from = batch.next_offset;
    await setImmediate();
  }
  return { last, end: next_offset };
}

interface Rewritten {
  readonly header: BatchHeader;
  /** Undefined when no record of it stays. */
  readonly value: Buffer | undefined;
}

/** Writes the batches below `end` again that lose records, slice by slice; gives how many records stay. */
async function rewrite(own: OwnPartition, end: Offset, stays: (record: LogRecord) => boolean): Promise<number> {
  const { environment, writer, topic, partition } = own;
  let kept = 0;
  for (let from = environment.read((file) => readEntry(file, topic, partition).start_offset); from < end;) {
    const slice = rewriteSlice(own, { from, end }, stays);
    kept += slice.kept;
    from = slice.next_offset;
    if (slice.batches.length === 0) {
      await setImmediate();
      continue;
    }
    await writer.submit({
      size_bytes: slice.batches.reduce((sum, { value }) => sum + (value?.length ?? 0), 0),
      stage: (staging) => {
        const { start_offset } = staging.entry(topic, partition);
        for (const { header, value } of slice.batches) {
          // Truncated meanwhile: writing it again would bring it back.
          if (header.last_offset < start_offset) continue;
          const key = batchKey(topic, partition, header.base_offset);
          staging.write({ store: 'batches', key, value: value ?? null });
        }
      },
    });
  }
  return kept;
}

function rewriteSlice(
  { environment, topic, partition }: OwnPartition,
  { from, end }: { readonly from: Offset; readonly end: Offset },
  stays: (record: LogRecord) => boolean,
): { batches: Rewritten[]; kept: number; next_offset: Offset } {
  return environment.read((file) => {
    const batches: Rewritten[] = [];
    let kept = 0;
    let size_bytes = 0;
    let next_offset = end;
    for (const batch of batchesFrom(file, { topic, partition, from })) {
      const header = readBatchHeader(batch, `${topic}/${partition} at ${from}`);
      if (header.last_offset < from) continue;
      if (header.base_offset >= end) break;
      if (size_bytes > SLICE_BYTES) {
        next_offset = header.base_offset;
        break;
      }
      const records = [...decodeRecords(batch, { topic, partition, header })].filter(stays);
      if (records.length < header.record_count) batches.push({ header, value: encodeKept(header, records) });
      kept += records.length;
      size_bytes += batch.length;
    }
    return { batches, kept, next_offset };
  });
}

function encodeKept(header: BatchHeader, records: readonly LogRecord[]): Buffer | undefined {
  if (records.length === 0) return undefined;
  return encodeBatch(
    header,
    records.map((record) => ({ offset: record.offset, record: prepareRecord(record) })),
  );
}

const keyOf = (key: Uint8Array): string => Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1');
