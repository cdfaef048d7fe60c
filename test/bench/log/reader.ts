import { offset } from '@nerveline/kernel';
import { openLog, type LogTopic } from '@nerveline/log';

/*
 * The reader of the log bench, in a process of its own: `reader.ts DATA_DIRECTORY`. Says `{ ready }`, then `{ offset,
 * seen_ms }` for each record as it sees it.
 */
export const catalogue: readonly LogTopic[] = [
  { name: 'bench', partitions: 1, owner: 'bench-writer', retention: { kind: 'age', retention_ms: 3_600_000 } },
];

/** Wall time with the resolution of the monotonic clock, comparable between processes of one machine. */
export const preciseNowMs = (): number => performance.timeOrigin + performance.now();

async function follow(data_directory: string): Promise<void> {
  const log = await openLog({ data_directory, service: 'bench-reader', catalogue });
  const stop = new AbortController();
  process.on('disconnect', () => stop.abort());
  let next_offset = (await log.tail('bench', 0)).next_offset;
  process.send?.({ ready: true });
  while (await log.waitForRecords([{ topic: 'bench', partition: 0, next_offset }], stop.signal)) {
    const seen_ms = preciseNowMs();
    const batch = await log.read({ topic: 'bench', partition: 0, from: offset(next_offset) });
    for (const { offset: at } of batch.records) process.send?.({ offset: at, seen_ms });
    next_offset = batch.next_offset;
  }
  await log.close();
}

if (require.main === module) void follow(process.argv[2] ?? '');
