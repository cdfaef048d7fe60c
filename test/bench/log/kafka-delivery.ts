import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { Log } from '@nerveline/log';
import { percentiles } from '../percentiles';
import { openLoop } from './bench-catalogue';

const DELIVERIES = 8_000;
const PER_S = 1_000;
/** The first ones open connections and find leaders. */
const WARM_UP = 1_000;
const RECORD_BYTES = 200;

/** From when a record was due to be appended until a handler in another process gets it from its processor. */
export async function measureKafkaDelivery(
  writer: Log,
  { broker, directory }: { readonly broker: string; readonly directory: string },
): Promise<Record<string, number>> {
  const reader = fork(require.resolve('./kafka-delivery-reader'), [broker, directory]);
  await once(reader, 'message');
  const due: number[] = [];
  const appends: Promise<unknown>[] = [];
  await openLoop({ per_s: PER_S, count: DELIVERIES }, (due_ms, i) => {
    due.push(due_ms);
    const value = Buffer.from(`${i}`.padEnd(RECORD_BYTES));
    appends.push(writer.append([{ topic: 'deliveries', key: `demo/${i % 1_000}`, value, timestamp_ms: i }]));
  });
  await Promise.all(appends);
  reader.send({ expect: DELIVERIES });
  const [{ seen }] = (await once(reader, 'message')) as [{ readonly seen: readonly (readonly [number, number])[] }];
  reader.disconnect();
  await once(reader, 'exit');
  const times_ms = seen.filter(([i]) => i >= WARM_UP).map(([i, at_ms]) => at_ms - (due[i] ?? Number.NaN));
  const [p50 = Number.NaN, p99 = Number.NaN] = percentiles(times_ms, [0.5, 0.99]);
  return { kafka_e2e_p50_ms: p50, kafka_e2e_p99_ms: p99 };
}
