import { join } from 'node:path';
import { offset, type Offset } from '@nerveline/kernel';
import { z } from 'zod';
import type { EnvironmentFile } from './environment-file';
import { behindPrefix, batchKey, offsetOfBatchKey, partitionKey, textPrefix } from './keys';
import { readSegmentIndex, type SegmentIndex } from './segment-file';

/** A stretch of a partition that lies in a file of its own, as the environment knows it. */
const segmentSchema = z.object({
  file: z.string().min(1),
  last_offset: z.int(),
  /** Bytes of its batches. */
  size_bytes: z.int(),
});
export interface Segment {
  readonly base_offset: Offset;
  readonly last_offset: Offset;
  readonly size_bytes: number;
  readonly path: string;
}

/** In the store `meta`: `segment 0 topic 0 partition offset`, by its first offset. */
const PREFIX = textPrefix('segment');
const segmentsOf = (topic: string, partition: number): Buffer =>
  Buffer.concat([PREFIX, partitionKey(topic, partition)]);

export const segmentKey = (topic: string, partition: number, base_offset: number): Buffer =>
  Buffer.concat([PREFIX, batchKey(topic, partition, base_offset)]);

export const encodeSegment = (segment: z.infer<typeof segmentSchema>): Buffer => Buffer.from(JSON.stringify(segment));

/** Beside the environment's own file. */
export const segmentDirectory = (directory: string): string => join(directory, 'segments');

/** Behind the name of a segment that is being written. */
export const UNFINISHED = '.unfinished';

/** @param rest ends with the process that writes it and a part that is never used again */
export const segmentName = (topic: string, partition: number, rest: string): string =>
  `${topic.replaceAll(/[^\w.]/g, '_').slice(0, MAX_NAME_PART)}-${partition}-${rest}.segment`;

/** The process that wrote a segment. */
export const makerOf = (name: string): number => Number(/-(\d+)-[0-9a-f]+\.segment/.exec(name)?.[1] ?? Number.NaN);

const MAX_NAME_PART = 100;

/** Of one partition, in order; without one for most. */
export function readSegments(file: EnvironmentFile, topic: string, partition: number): Segment[] {
  return readRange(file, segmentsOf(topic, partition));
}

/** Of all partitions. */
export const readAllSegments = (file: EnvironmentFile): Segment[] => readRange(file, PREFIX);

function readRange(file: EnvironmentFile, prefix: Buffer): Segment[] {
  const entries = file.meta.getRange({ start: prefix, end: behindPrefix(prefix) });
  return [...entries].map(({ key, value }) => {
    const { file: name, last_offset, size_bytes } = segmentSchema.parse(JSON.parse(value.toString('utf8')));
    const path = join(segmentDirectory(file.directory), name);
    return { base_offset: offsetOfBatchKey(key), last_offset: offset(last_offset), size_bytes, path };
  });
}

/** Indexes that an open environment keeps; one takes 24 bytes for each batch of its segment. */
const MAX_INDEXES = 32;
const indexes = new WeakMap<EnvironmentFile, Map<string, SegmentIndex>>();

/** @throws NervelineError `NL-LOG-005`, `NL-LOG-006` */
export function indexOf(file: EnvironmentFile, { path }: Segment): SegmentIndex {
  const kept = indexes.get(file) ?? new Map<string, SegmentIndex>();
  indexes.set(file, kept);
  // A segment is never changed, and its name is never used again.
  const index = kept.get(path) ?? readSegmentIndex(path);
  kept.delete(path);
  kept.set(path, index);
  const [eldest] = kept.keys();
  if (kept.size > MAX_INDEXES && eldest !== undefined) kept.delete(eldest);
  return index;
}

/** What lies below the start of a partition and goes only with its whole segment. */
export function expiredBytes(
  file: EnvironmentFile,
  {
    topic,
    partition,
    start_offset,
  }: { readonly topic: string; readonly partition: number; readonly start_offset: Offset },
): number {
  const [first] = readSegments(file, topic, partition);
  if (first === undefined || start_offset <= first.base_offset) return 0;
  if (start_offset > first.last_offset) return first.size_bytes;
  const index = indexOf(file, first);
  return index.at(index.find(start_offset)).position;
}
