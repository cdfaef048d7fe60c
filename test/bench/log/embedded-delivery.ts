import type { Log } from '@nerveline/log';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { percentiles, round } from '../percentiles';
import { openBare } from './bare-lmdb';
import { median, openLoop } from './bench-catalogue';
import { record } from './embedded-throughput';

const ROUNDS = 7;
const PER_S = 1_000;
const PER_ROUND = 1_500;

/**
 * From the moment at which an append is due to the handler in another process. Beside it the least that such a way takes: a
 * durable put into a bare environment, then a byte through a socket to a process that looks at it. In turns, open loop.
 */
export async function measureDelivery(log: Log, directory: string) {
  const bare = openBare(join(directory, 'bare-delivery'));
  const sockets = new Set<Socket>();
  const server = createServer((socket) => sockets.add(socket)).listen(join(directory, 'bell'));
  await once(server, 'listening');
  const reader = fork(require.resolve('./delivery-reader'), [
    directory,
    join(directory, 'bare-delivery'),
    join(directory, 'bell'),
  ]);
  await once(reader, 'message');
  let next_key = 0;
  const value = Buffer.alloc(200, 'x');
  const put = async (): Promise<void> => {
    await bare.put((next_key += 1), value);
    for (const socket of sockets) socket.write('r');
  };
  const append = async (i: number): Promise<void> => void (await log.append([record(i)]));
  const delays = async (write: (i: number) => Promise<void>): Promise<number[]> => {
    const due: number[] = [];
    const writes: Promise<void>[] = [];
    await openLoop({ per_s: PER_S, count: PER_ROUND }, (due_ms, i) => {
      due.push(due_ms);
      writes.push(write(i));
    });
    await Promise.all(writes);
    reader.send({ expect: PER_ROUND });
    const [{ seen_ms }] = (await once(reader, 'message')) as [{ readonly seen_ms: readonly number[] }];
    return seen_ms.map((seen, i) => seen - (due[i] ?? Number.NaN));
  };
  const rounds: { ours: number[]; bare: number[] }[] = [];
  for (let i = 0; i <= ROUNDS; i += 1) rounds.push({ ours: await delays(append), bare: await delays(put) });
  // The first one warms both ways up.
  rounds.shift();
  reader.disconnect();
  await once(reader, 'exit');
  for (const socket of sockets) socket.destroy();
  server.close();
  await bare.close();
  return summary(rounds);
}

function summary(rounds: readonly { readonly ours: number[]; readonly bare: number[] }[]) {
  const ratioOf = (share: number): number =>
    median(rounds.map(({ ours, bare }) => quantile(ours, share) / quantile(bare, share)));
  const ours = rounds.flatMap((one) => one.ours);
  const bare = rounds.flatMap((one) => one.bare);
  return {
    embedded_e2e_p50_ms: quantile(ours, 0.5),
    embedded_e2e_p99_ms: quantile(ours, 0.99),
    bare_e2e_p50_ms: quantile(bare, 0.5),
    bare_e2e_p99_ms: quantile(bare, 0.99),
    embedded_e2e_p50_ratio: round(ratioOf(0.5)),
    embedded_e2e_p99_ratio: round(ratioOf(0.99)),
  };
}

const quantile = (samples: readonly number[], share: number): number => percentiles(samples, [share])[0] ?? Number.NaN;
