import { offset } from '@nerveline/kernel';
import { batchesFrom, readEntry } from './batch-reader';
import { EnvironmentFile } from './environment-file';
import { readPartitionKey } from './keys';
import { decodeRecords } from './batch-cursor';
import { peekBatchHeader, readBatchHeader } from './record-batch';
import { readSegments } from './segments';
import type { OffsetRange, PartitionReport, ReportMessage } from './verify-report';

/*
 * Reads a whole environment and says what is sound: `verify-report-child.ts DIRECTORY PLACES`, without the places (a JSON
 * list) that were reported already or ended a process before. What it says last is where a crash happened.
 */

/** Bytes that one look reads: a service that runs must not be kept from reusing its pages. */
const SLICE_BYTES = 8 * 1024 * 1024;

interface Findings {
  next_offset: number;
  records: number;
  readonly sound: OffsetRange[];
  readonly damaged: (OffsetRange & { readonly cause: string })[];
}

function report(directory: string, passed: ReadonlySet<string>): void {
  say({ kind: 'looking_at', place: 'its first page' });
  const file = EnvironmentFile.openForReading(directory);
  if (file === undefined) return;
  say({ kind: 'looking_at', place: 'the list of its partitions' });
  const partitions = file.view(() => [...file.partitions.getKeys()].map(readPartitionKey));
  for (const place of partitions) {
    if (!passed.has(`${place.topic}/${place.partition}`)) reportPartition(file, place);
  }
  for (const store of ['positions', 'state'] as const) if (!passed.has(store)) reportStore(file, store);
}

function reportPartition(file: EnvironmentFile, place: { readonly topic: string; readonly partition: number }): void {
  const entry = file.view(() => readEntry(file, place.topic, place.partition));
  const found: Findings = { next_offset: entry.start_offset, records: 0, sound: [], damaged: [] };
  const soFar = (): PartitionReport => {
    const { records, sound, damaged } = found;
    const { start_offset, next_offset } = entry;
    return { ...place, start_offset, next_offset, records, sound, damaged };
  };
  while (found.next_offset < entry.next_offset) {
    say({ kind: 'looking_at', place: `${place.topic}/${place.partition}`, report: soFar() });
    const before = found.next_offset;
    try {
      file.view(() => lookAtSlice(file, place, found));
    } catch (error) {
      note(found, endOfDamage(file, place, found) ?? entry.next_offset, error);
    }
    // What compaction or retention took lies behind the last batch: nothing is missing.
    if (found.next_offset === before) found.next_offset = entry.next_offset;
  }
  say({ kind: 'partition', report: soFar() });
}

/** Of a segment that can't be read at all: what is behind it may be sound. */
function endOfDamage(
  file: EnvironmentFile,
  { topic, partition }: { readonly topic: string; readonly partition: number },
  { next_offset }: Findings,
): number | undefined {
  const segments = file.view(() => readSegments(file, topic, partition));
  const last = segments.find((one) => one.base_offset <= next_offset && next_offset <= one.last_offset)?.last_offset;
  return last === undefined ? undefined : last + 1;
}

function lookAtSlice(
  file: EnvironmentFile,
  place: { readonly topic: string; readonly partition: number },
  found: Findings,
): void {
  let size_bytes = 0;
  for (const batch of batchesFrom(file, { ...place, from: offset(found.next_offset) })) {
    if (size_bytes > SLICE_BYTES) return;
    size_bytes += batch.length;
    const { last_offset } = peekBatchHeader(batch);
    if (last_offset < found.next_offset) continue;
    try {
      const header = readBatchHeader(batch, 'the batch');
      let count = 0;
      for (const record of decodeRecords(batch, { ...place, header }))
        if (record.offset >= found.next_offset) count += 1;
      found.records += count;
      add(found.sound, { from: found.next_offset, to: last_offset + 1 });
      found.next_offset = last_offset + 1;
    } catch (error) {
      // Where it ends is not known for sure: the next batch begins where it says itself.
      note(found, found.next_offset + 1, error);
    }
  }
}

function note(found: Findings, to: number, error: unknown): void {
  const cause = error instanceof Error ? error.message : String(error);
  found.damaged.push({ from: found.next_offset, to, cause });
  found.next_offset = to;
}

/** Ranges that touch become one. */
function add(ranges: OffsetRange[], range: OffsetRange): void {
  const last = ranges.at(-1);
  if (last?.to === range.from) ranges[ranges.length - 1] = { from: last.from, to: range.to };
  else ranges.push(range);
}

function reportStore(file: EnvironmentFile, store: 'positions' | 'state'): void {
  say({ kind: 'looking_at', place: store });
  try {
    file.view(() => {
      for (const { value } of file[store].getRange()) void value.length;
    });
  } catch (error) {
    say({ kind: 'damaged', place: store, cause: error instanceof Error ? error.message : String(error) });
  }
}

function say(message: ReportMessage): void {
  process.send?.(message);
}

try {
  report(process.argv[2] ?? '', new Set(JSON.parse(process.argv[3] ?? '[]') as string[]));
} catch (error) {
  const cause = error instanceof Error ? error.message : String(error);
  say({ kind: 'damaged', place: 'the environment', cause });
}
say({ kind: 'done' });
process.disconnect();
