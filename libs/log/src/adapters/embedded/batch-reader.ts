import { NervelineError, offset, type Offset } from '@nerveline/kernel';
import type { LogRecord, PartitionRange, PartitionTail, ReadBatch, ReadRequest } from '../../ports/log';
import type { EnvironmentFile } from './environment-file';
import { batchKey, behindPrefix, offsetOfBatchKey, partitionKey } from './keys';
import { decodePartitionEntry, type PartitionEntry } from './partition-entry';
import { BatchCursor, decodeRecords } from './batch-cursor';
import { peekBatchHeader, readBatchHeader } from './record-batch';
import { readBatches } from './segment-file';
import { indexOf, readSegments } from './segments';

const DEFAULT_MAX_BYTES = 1024 * 1024;
const DEFAULT_MAX_RECORDS = 10_000;

/*
 * Reading one partition of an open environment. All of it is synchronous and runs inside a `view`.
 */

export function readEntry(file: EnvironmentFile, topic: string, partition: number): PartitionEntry {
  return decodePartitionEntry(file.partitions.get(partitionKey(topic, partition)));
}

/** @throws NervelineError `NL-LOG-005`, `NL-LOG-006`, `NL-LOG-009` */
export function readRecords(file: EnvironmentFile, request: ReadRequest): ReadBatch {
  const { topic, partition, from, max_bytes = DEFAULT_MAX_BYTES, max_records = DEFAULT_MAX_RECORDS } = request;
  const entry = readEntry(file, topic, partition);
  checkPosition(request, entry);
  // What a consumer of many partitions asks most of the time: a third of the price of looking for batches.
  if (from === entry.next_offset) return { records: [], next_offset: from, tail_offset: from };
  const records: LogRecord[] = [];
  let next_offset = from;
  let size_bytes = 0;
  for (const batch of batchesFrom(file, request)) {
    const header = readBatchHeader(batch, `${topic}/${partition} at ${next_offset}`);
    const cursor = new BatchCursor(batch, header);
    while (cursor.next()) {
      if (cursor.offset < from) continue;
      records.push(cursor.record(request));
      next_offset = offset(cursor.offset + 1);
      size_bytes += cursor.size_bytes;
      if (size_bytes >= max_bytes || records.length >= max_records) {
        return { records, next_offset, tail_offset: entry.next_offset };
      }
    }
    // Behind the batch, not behind its last record: compaction may have taken the records between.
    if (header.last_offset >= next_offset) next_offset = offset(header.last_offset + 1);
  }
  return { records, next_offset: entry.next_offset, tail_offset: entry.next_offset };
}

/** Without looking at a record: who looks at all topics at once pays for no batch. */
export function readRange(file: EnvironmentFile, topic: string, partition: number): PartitionRange {
  const { next_offset, start_offset } = readEntry(file, topic, partition);
  return { next_offset, start_offset };
}

export function readTail(file: EnvironmentFile, topic: string, partition: number): PartitionTail {
  const { next_offset, start_offset } = readEntry(file, topic, partition);
  let last: LogRecord | undefined;
  const batch = next_offset > start_offset ? batchAtOrBefore(file, { topic, partition, from: next_offset }) : undefined;
  if (batch !== undefined) {
    const header = readBatchHeader(batch, `${topic}/${partition} before ${next_offset}`);
    for (const record of decodeRecords(batch, { topic, partition, header })) last = record;
  }
  if (last !== undefined && last.offset < start_offset) last = undefined;
  return { next_offset, start_offset, last };
}

/** The first offset that is still there with this event time or a later one; the tail when there is none. */
export function findOffsetAt(
  file: EnvironmentFile,
  partition: { readonly topic: string; readonly partition: number },
  timestamp_ms: number,
): Offset {
  const entry = readEntry(file, partition.topic, partition.partition);
  const from = offset(firstBatchReaching(file, { ...partition, entry }, timestamp_ms));
  for (const batch of batchesFrom(file, { ...partition, from })) {
    const header = readBatchHeader(batch, `${partition.topic}/${partition.partition} at ${from}`);
    if (header.latest_timestamp_ms < timestamp_ms) continue;
    const cursor = new BatchCursor(batch, header);
    while (cursor.next()) {
      if (cursor.offset >= entry.start_offset && cursor.timestamp_ms >= timestamp_ms) return cursor.offset;
    }
  }
  return entry.next_offset;
}

/**
 * Bisects over the batches' latest event time so far, which never falls: no record before the offset that it gives
 * has the time.
 */
function firstBatchReaching(
  file: EnvironmentFile,
  place: { readonly topic: string; readonly partition: number; readonly entry: PartitionEntry },
  timestamp_ms: number,
): number {
  let low: number = place.entry.start_offset;
  let high: number = place.entry.next_offset;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const batch = batchAtOrBefore(file, { ...place, from: offset(middle) });
    const header = batch === undefined ? undefined : peekBatchHeader(batch);
    if (header !== undefined && header.latest_timestamp_ms >= timestamp_ms) {
      high = Math.max(low, Math.min(middle, header.base_offset));
      if (header.base_offset <= low) break;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

type Place = Pick<ReadRequest, 'topic' | 'partition' | 'from'>;

/** The batch that holds an offset, or the one before it, and all behind: from its segments, then from the environment. */
export function* batchesFrom(file: EnvironmentFile, place: Place): Generator<Buffer> {
  let first = keyAtOrBefore(file, place);
  // What the environment holds it holds to the tail. Only who reads further back pays for a look at the segments.
  if (first === undefined) {
    let next_offset: number = place.from;
    for (const segment of readSegments(file, place.topic, place.partition)) {
      if (segment.last_offset < next_offset) continue;
      const index = indexOf(file, segment);
      yield* readBatches(segment.path, index, index.find(offset(next_offset)));
      next_offset = segment.last_offset + 1;
    }
    first = batchKey(place.topic, place.partition, next_offset);
  }
  const end = behindPrefix(partitionKey(place.topic, place.partition));
  for (const { value } of file.batches.getRange({ start: first, end })) yield value;
}

/** The first batch that reaches an offset, a copy. */
export function batchAfter(file: EnvironmentFile, place: Place): Buffer | undefined {
  for (const batch of batchesFrom(file, place)) if (peekBatchHeader(batch).last_offset >= place.from) return batch;
  return undefined;
}

function batchAtOrBefore(file: EnvironmentFile, place: Place): Buffer | undefined {
  const key = keyAtOrBefore(file, place);
  if (key !== undefined) return file.batches.get(key);
  const segment = readSegments(file, place.topic, place.partition).findLast((one) => one.base_offset <= place.from);
  if (segment === undefined) return undefined;
  const index = indexOf(file, segment);
  const [batch] = readBatches(segment.path, index, Math.min(index.find(place.from), index.count - 1));
  return batch;
}

function keyAtOrBefore(file: EnvironmentFile, { topic, partition, from }: Place): Buffer | undefined {
  const end = partitionKey(topic, partition);
  for (const key of file.batches.getKeys({ start: batchKey(topic, partition, from), end, reverse: true, limit: 1 })) {
    return key;
  }
  return undefined;
}

/** First offsets of the batches that lie wholly below an offset, oldest first. */
export function batchesBelow(
  file: EnvironmentFile,
  place: { readonly topic: string; readonly partition: number; readonly below: Offset },
  limit: number,
): Offset[] {
  const { topic, partition, below } = place;
  const start = batchKey(topic, partition, 0);
  const end = behindPrefix(partitionKey(topic, partition));
  const keys = [...file.batches.getKeys({ start, end, limit: limit + 1 })];
  // A batch ends where the next one begins at the latest; the last one says itself where it ends.
  const endsBelow = (key: Buffer, i: number): boolean => {
    const next = keys[i + 1];
    if (next !== undefined) return offsetOfBatchKey(next) <= below;
    const batch = file.batches.get(key);
    return batch !== undefined && peekBatchHeader(batch).last_offset < below;
  };
  return keys.slice(0, limit).filter(endsBelow).map(offsetOfBatchKey);
}

function checkPosition({ topic, partition, from }: ReadRequest, entry: PartitionEntry): void {
  if (from >= entry.start_offset && from <= entry.next_offset) return;
  throw new NervelineError('NL-LOG-009', {
    detail: `${topic}/${partition} has offsets ${entry.start_offset} to ${entry.next_offset - 1}, not ${from}`,
  });
}
