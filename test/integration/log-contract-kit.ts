import type { Log, LogRecord, LogTopic } from '@nerveline/log';
import { offset, type OutRecord } from '@nerveline/kernel';

/** What an adapter gives the suite. Every test has a place of its own. */
export interface LogPlace extends AsyncDisposable {
  /** A log of this service in the place. Logs that are still open are closed with it. */
  open(service: string, options?: { readonly max_record_bytes?: number; readonly take_over?: boolean }): Promise<Log>;
}

export type OpenLogPlace = (catalogue: readonly LogTopic[]) => Promise<LogPlace>;

export const WRITER = 'writer';
export const READER = 'reader';

/** Aborts nothing. */
export const never = new AbortController().signal;

const topic = (name: string, options: Partial<LogTopic> = {}): LogTopic => ({
  name,
  partitions: 3,
  retention: { kind: 'age', retention_ms: 3_600_000 },
  owner: WRITER,
  ...options,
});

export const catalogue: readonly LogTopic[] = [
  topic('events'),
  topic('single', { partitions: 1 }),
  topic('foreign', { owner: 'neighbour', partitions: 1 }),
];

export const text = (value: Uint8Array | null): string | null =>
  value === null ? null : Buffer.from(value).toString();

export const record = (key: string | null, value: string | null, more: Partial<OutRecord> = {}): OutRecord => ({
  topic: 'single',
  key,
  value: value === null ? null : Buffer.from(value),
  timestamp_ms: 1_000,
  ...more,
});

/** Everything that a partition holds. */
export async function readAll(log: Log, name = 'single', partition = 0): Promise<LogRecord[]> {
  const { start_offset, next_offset } = await log.tail(name, partition);
  const records: LogRecord[] = [];
  for (let from = start_offset; from < next_offset;) {
    const batch = await log.read({ topic: name, partition, from });
    records.push(...batch.records);
    from = batch.next_offset;
  }
  return records;
}

export const texts = (records: readonly LogRecord[]): (string | null)[] => records.map(({ value }) => text(value));

/** Numbers from 0 on, as texts. */
export const counted = (count: number): string[] => Array.from({ length: count }, (_, i) => `${i}`);

export const place = (partition: number, next_offset: number, name = 'events') => ({
  topic: name,
  partition,
  next_offset: offset(next_offset),
});
