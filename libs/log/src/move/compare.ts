import { createHash, type Hash } from 'node:crypto';
import { offset } from '@nerveline/kernel';
import type { Log, LogRecord } from '../ports/log';

/** What a partition reads as: two that read the same have the same. */
export interface PartitionDigest {
  readonly records: number;
  readonly size_bytes: number;
  readonly next_offset: number;
  /** Of all that a reader gets: offsets, keys, values, headers, event times, in their order. */
  readonly checksum: string;
}

/** Reads a whole partition through the port. */
export async function digestPartition(log: Log, topic: string, partition: number): Promise<PartitionDigest> {
  const { start_offset, next_offset } = await log.tail(topic, partition);
  const hash = createHash('sha256');
  let records = 0;
  let size_bytes = 0;
  for (let from = start_offset; from < next_offset;) {
    const batch = await log.read({ topic, partition, from, max_records: 10_000 });
    for (const record of batch.records) {
      addRecord(hash, record);
      size_bytes += (record.key?.length ?? 0) + (record.value?.length ?? 0);
    }
    records += batch.records.length;
    from = offset(batch.next_offset);
  }
  return { records, size_bytes, next_offset, checksum: hash.digest('hex') };
}

/** Do readers get the same? */
export function isSameRecord(a: LogRecord, b: LogRecord): boolean {
  const [one, other] = [createHash('sha256'), createHash('sha256')];
  addRecord(one, a);
  addRecord(other, b);
  return one.digest().equals(other.digest());
}

function addRecord(hash: Hash, { offset: at, timestamp_ms, key, value, headers }: LogRecord): void {
  const sorted = Object.entries(headers).sort(([a], [b]) => (a < b ? -1 : 1));
  // Lengths, so that no two different records read as the same bytes.
  hash.update(JSON.stringify([at, timestamp_ms, key?.length ?? null, value?.length ?? null, sorted]));
  if (key !== null) hash.update(key);
  if (value !== null) hash.update(value);
}
