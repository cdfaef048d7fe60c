import type { OutRecord } from '@nerveline/kernel';
import type { Log } from '@nerveline/log';
import { join } from 'node:path';
import { round } from '../percentiles';
import { median } from './bench-catalogue';
import { openBare } from './bare-lmdb';

const ROUNDS = 5;
const SINGLES = 1_000;
const BATCHES = 60;
const BATCH_RECORDS = 500;

const value = Buffer.alloc(400, 'x');

/** A change with the headers that change capture gives it. */
const change = (i: number): OutRecord => ({
  topic: 'bench',
  key: `demo/${i % 1_000}`,
  value,
  timestamp_ms: i,
  headers: {
    source_position: `7612345678901234567:1:0/16B3${i.toString(16)}:${i % 7}`,
    committed_ms: `${1_700_000_000_000 + i}`,
    transaction_id: `${700_000 + i}`,
    traceparent: `00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba9${(4_096 + (i % 60_000)).toString(16)}-01`,
    type: 'update',
    table: 'public.payments',
  },
});

/** Processor time of transactions of changes with six headers, LMDB's own and the disk's included, beside a bare put. */
export async function measureAppendCpu(log: Log, directory: string): Promise<Record<string, number>> {
  const bare = openBare(join(directory, 'bare-cpu'));
  let i = 0;
  const single = async (): Promise<void> => void (await log.append([change((i += 1))]));
  const batch = async (): Promise<void> =>
    void (await log.append(Array.from({ length: BATCH_RECORDS }, () => change((i += 1)))));
  const put = async (): Promise<void> => void (await bare.put((i += 1), value));
  const rounds: { single: number; batch: number; put: number }[] = [];
  for (let done = 0; done <= ROUNDS; done += 1) {
    rounds.push({
      single: await cpuUs(SINGLES, single),
      put: await cpuUs(SINGLES, put),
      batch: (await cpuUs(BATCHES, batch)) / BATCH_RECORDS,
    });
  }
  // The first one warms up.
  rounds.shift();
  await bare.close();
  return {
    headers_append_cpu_us: round(median(rounds.map((one) => one.single))),
    bare_put_cpu_us: round(median(rounds.map((one) => one.put))),
    headers_batch_record_cpu_us: round(median(rounds.map((one) => one.batch))),
  };
}

async function cpuUs(count: number, act: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  for (let done = 0; done < count; done += 1) await act();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / count;
}
