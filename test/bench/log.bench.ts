import { offset, type OutRecord } from '@nerveline/kernel';
import { openLog, type Log } from '@nerveline/log';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { catalogue, preciseNowMs } from './log/reader';
import { percentiles } from './percentiles';

const SINGLE_APPENDS = 3_000;
const BATCHES = 400;
const BATCH_RECORDS = 500;
const RECORD_BYTES = 700;
const DELIVERIES = 2_000;
/** Deliveries are due at this rate, whether the last one has arrived or not. */
const DELIVERIES_PER_S = 500;

const value = Buffer.alloc(RECORD_BYTES, 'x');
const record = (i: number): OutRecord => ({ topic: 'bench', key: `demo/${i % 1_000}`, value, timestamp_ms: i });

/** Durable appends to the embedded log, and the way to a reader in another process; a bare fdatasync beside it. */
export async function run(): Promise<Record<string, unknown>> {
  const directory = mkdtempSync(join(tmpdir(), 'nerveline-bench-log-'));
  const log = await openLog({ data_directory: directory, service: 'bench-writer', catalogue });
  try {
    return {
      record_bytes: RECORD_BYTES,
      ...measureBareSync(directory),
      ...(await measureSingleAppends(log)),
      ...(await measureDelivery(log, directory)),
      ...(await measureBatches(log)),
      ...(await measureReading(log)),
    };
  } finally {
    await log.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

function quantiles(name: string, times_ms: readonly number[]): Record<string, number | undefined> {
  const [p50, p99] = percentiles(times_ms, [0.5, 0.99]);
  return { [`${name}_p50_ms`]: p50, [`${name}_p99_ms`]: p99 };
}

/** The floor: what this disk takes for one small durable write. */
function measureBareSync(directory: string) {
  const file = openSync(join(directory, 'bare'), 'w');
  const times_ms = Array.from({ length: SINGLE_APPENDS / 3 }, () => {
    const begun = performance.now();
    writeSync(file, value);
    fdatasyncSync(file);
    return performance.now() - begun;
  });
  closeSync(file);
  return quantiles('bare_fdatasync', times_ms);
}

async function measureSingleAppends(log: Log) {
  const times_ms: number[] = [];
  for (let i = 0; i < SINGLE_APPENDS; i += 1) {
    const begun = performance.now();
    await log.append([record(i)]);
    times_ms.push(performance.now() - begun);
  }
  return quantiles('append', times_ms);
}

async function measureDelivery(log: Log, directory: string) {
  const reader = fork(require.resolve('./log/reader'), [directory]);
  await once(reader, 'message');
  const due_ms = new Map<number, number>();
  const times_ms: number[] = [];
  const all = new Promise<void>((resolve) => {
    reader.on('message', (seen: { offset: number; seen_ms: number }) => {
      times_ms.push(seen.seen_ms - (due_ms.get(seen.offset) ?? Number.NaN));
      if (times_ms.length === DELIVERIES) resolve();
    });
  });
  const first = (await log.tail('bench', 0)).next_offset;
  const begun_ms = preciseNowMs();
  for (let i = 0; i < DELIVERIES; i += 1) {
    const due = begun_ms + (i * 1_000) / DELIVERIES_PER_S;
    // A timer is up to a millisecond late, so the last stretch is waited for turn by turn.
    for (let early = due - preciseNowMs(); early > 0; early = due - preciseNowMs()) {
      await new Promise((resolve) => (early > 1.5 ? setTimeout(resolve, early - 1.5) : setImmediate(resolve)));
    }
    due_ms.set(first + i, due);
    void log.append([record(i)]);
  }
  await all;
  reader.disconnect();
  await once(reader, 'exit');
  return quantiles('delivery', times_ms);
}

async function measureBatches(log: Log) {
  const batch = Array.from({ length: BATCH_RECORDS }, (_, i) => record(i));
  const begun = performance.now();
  for (let i = 0; i < BATCHES; i += 1) await log.append(batch);
  const took_s = (performance.now() - begun) / 1_000;
  return { batch_records: BATCH_RECORDS, batch_append_records_per_s: Math.round((BATCHES * BATCH_RECORDS) / took_s) };
}

async function measureReading(log: Log) {
  const { next_offset } = await log.tail('bench', 0);
  const begun = performance.now();
  for (let from = offset(0); from < next_offset;) {
    from = (await log.read({ topic: 'bench', partition: 0, from })).next_offset;
  }
  return { read_records_per_s: Math.round(next_offset / ((performance.now() - begun) / 1_000)) };
}
