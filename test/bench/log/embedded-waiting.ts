import type { Log } from '@nerveline/log';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { round } from '../percentiles';
import { median, openLoop, WAITING_PARTITIONS } from './bench-catalogue';
import { record } from './embedded-throughput';

const ROUNDS = 4;
const PER_S = 500;
const PER_ROUND = 1_500;

interface Counted {
  readonly handled: number;
  readonly cpu_us: number;
}

/** What a process costs that waits for many partitions, while single records come in, each to one of them. */
export async function measureWaiting(log: Log, directory: string): Promise<Record<string, number>> {
  const reader = fork(require.resolve('./waiting-reader'), [directory]);
  await once(reader, 'message');
  const count = async (): Promise<Counted> => {
    reader.send({ count: true });
    const [counted] = (await once(reader, 'message')) as [Counted];
    return counted;
  };
  const percents: number[] = [];
  for (let i = 0; i <= ROUNDS; i += 1) {
    const before = await count();
    const begun_ms = performance.now();
    const writes: Promise<unknown>[] = [];
    await openLoop({ per_s: PER_S, count: PER_ROUND }, (_due_ms, j) => {
      writes.push(log.append([{ ...record(j, 'many'), partition: j % WAITING_PARTITIONS }]));
    });
    await Promise.all(writes);
    const took_ms = performance.now() - begun_ms;
    let after = await count();
    while (after.handled < before.handled + PER_ROUND) {
      await setTimeout(5);
      after = await count();
    }
    percents.push((after.cpu_us - before.cpu_us) / took_ms / 10);
  }
  // The first one warms up.
  percents.shift();
  reader.disconnect();
  await once(reader, 'exit');
  return {
    waiting_partitions: WAITING_PARTITIONS,
    waiting_commits_per_s: PER_S,
    waiting_cpu_percent: round(median(percents)),
  };
}
