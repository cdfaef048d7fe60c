import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OutRecord } from '@nerveline/kernel';
import { openLog, processor, type Log, type LogTopic } from '@nerveline/log';

const RECORDS = 1_500_000;
const KEYS = 64;
const PARTITIONS = 4;
const RECORD_BYTES = 200;
const APPEND_RECORDS = 5_000;
const STUCK_MS = 60_000;
const STUCK_RECORDS_PER_S = 5_000;

const topic = (name: string, more: Partial<LogTopic> = {}): LogTopic => ({
  ...{ name, owner: 'bench-shop', partitions: PARTITIONS, retention: { kind: 'age', retention_ms: 3_600_000 } },
  ...more,
});
const held = { retention: { kind: 'compacted' }, wraps_records: true } as const;
const catalogue = [topic('bench.orders'), topic('bench.parked', held), topic('bench.dlq', held)];
const failures = { parked: 'bench.parked', dead_letters: 'bench.dlq' };

const value = Buffer.alloc(RECORD_BYTES - 20, 'x');
const order = (i: number): OutRecord => ({
  ...{ topic: 'bench.orders', key: `demo/order-${i % KEYS}`, value, timestamp_ms: i },
});

async function withLog<T>(use: (log: Log) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'nerveline-bench-processor-'));
  const log = await openLog({ data_directory: directory, service: 'bench-shop', catalogue });
  try {
    return await use(log);
  } finally {
    await log.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

/** A handler that does nothing, asynchronously, over many keys: what the processor itself costs, positions committed. */
export function measureProcessor(): Promise<Record<string, number>> {
  return withLog(async (log) => {
    for (let i = 0; i < RECORDS; i += APPEND_RECORDS) {
      await log.append(Array.from({ length: APPEND_RECORDS }, (_, j) => order(i + j)));
    }
    const raw_s = await seconds(async () => {
      for (let partition = 0; partition < PARTITIONS; partition += 1) {
        let { start_offset: from } = await log.tail('bench.orders', partition);
        const { next_offset } = await log.tail('bench.orders', partition);
        while (from < next_offset) from = (await log.read({ topic: 'bench.orders', partition, from })).next_offset;
      }
    });
    const handled_s = await seconds(async () => {
      const options = { topics: ['bench.orders'], from: 'earliest', failures, handle: async () => {} } as const;
      const running = processor(log, { ...options, group: 'bench-shop.nothing' });
      await running.caughtUp();
      await running.stop();
    });
    return {
      processor_records: RECORDS,
      processor_keys: KEYS,
      processor_per_s: Math.round(RECORDS / handled_s),
      processor_raw_read_per_s: Math.round(RECORDS / raw_s),
    };
  });
}

/**
 * A handler that never answers, while records come in: what the process grows by. Keys are parked at the deadline, so
 * the run covers reading, waiting and parking.
 */
export function measureStuck(): Promise<Record<string, number>> {
  return withLog(async (log) => {
    const before_bytes = process.memoryUsage().rss;
    let peak_bytes = before_bytes;
    const options = { topics: ['bench.orders'], from: 'earliest', failures } as const;
    const running = processor(log, {
      ...{ ...options, group: 'bench-shop.stuck', drain_ms: 100 },
      handle: () => new Promise(() => undefined),
    });
    const begun_ms = performance.now();
    let written = 0;
    let most_bytes = 0;
    let heap_bytes = 0;
    while (performance.now() - begun_ms < STUCK_MS) {
      const due = Math.floor(((performance.now() - begun_ms) / 1_000) * STUCK_RECORDS_PER_S);
      if (due > written) await log.append(Array.from({ length: due - written }, (_, i) => order(written + i)));
      written = Math.max(written, due);
      peak_bytes = Math.max(peak_bytes, process.memoryUsage().rss);
      heap_bytes = Math.max(heap_bytes, process.memoryUsage().heapUsed);
      most_bytes = Math.max(most_bytes, running.load.in_flight_bytes);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await running.stop();
    return {
      stuck_records: written,
      stuck_rss_mb: Math.round((peak_bytes - before_bytes) / 1_048_576),
      stuck_heap_mb: Math.round(heap_bytes / 1_048_576),
      stuck_in_flight_mb: Math.round((most_bytes / 1_048_576) * 10) / 10,
    };
  });
}

async function seconds(act: () => Promise<void>): Promise<number> {
  const begun_ms = performance.now();
  await act();
  return (performance.now() - begun_ms) / 1_000;
}
