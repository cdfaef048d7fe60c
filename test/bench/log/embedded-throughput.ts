import { offset, type OutRecord } from '@nerveline/kernel';
import type { Log } from '@nerveline/log';
import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { percentiles, round } from '../percentiles';
import { median } from './bench-catalogue';
import { openBare } from './bare-lmdb';

const ROUNDS = 7;
const BATCH_RECORDS = 500;
const BATCHES_PER_ROUND = 160;
/** Appends under way at the same time, as a service has them. The bare environment gets as many. */
const IN_FLIGHT = 8;
const RECORD_BYTES = 200;
const SINGLES = 2_000;

const value = Buffer.alloc(RECORD_BYTES, 'x');
export const record = (i: number, topic = 'bench'): OutRecord => ({
  topic,
  key: `demo/${i % 1_000}`,
  value,
  timestamp_ms: i,
});

/** Durable appends in batches beside bare puts of the same bytes, in turns, then all of it read. */
export async function measureThroughput(log: Log, directory: string) {
  const batch = Array.from({ length: BATCH_RECORDS }, (_, i) => record(i));
  const bare = openBare(join(directory, 'bare-puts'));
  let next_key = 0;
  const putBatch = async (): Promise<void> => {
    let last: Promise<boolean> | undefined;
    for (let i = 0; i < BATCH_RECORDS; i += 1) last = bare.put((next_key += 1), value);
    await last;
  };
  const append = async (): Promise<void> => void (await log.append(batch));
  const rounds: { ours: number; raw: number }[] = [];
  for (let i = 0; i < ROUNDS; i += 1) rounds.push({ ours: await rate(append), raw: await rate(putBatch) });
  await bare.close();
  const embedded_append_per_s = Math.round(median(rounds.map(({ ours }) => ours)));
  return {
    embedded_append_per_s,
    lmdb_raw_per_s: Math.round(median(rounds.map(({ raw }) => raw))),
    embedded_append_to_raw_ratio: round(median(rounds.map(({ ours, raw }) => ours / raw))),
    embedded_read_per_s: await readRate(log),
  };
}

async function rate(write: () => Promise<void>): Promise<number> {
  const begun_ms = performance.now();
  let left = BATCHES_PER_ROUND;
  const writer = async (): Promise<void> => {
    while ((left -= 1) >= 0) await write();
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, writer));
  return (BATCHES_PER_ROUND * BATCH_RECORDS) / ((performance.now() - begun_ms) / 1_000);
}

async function readRate(log: Log): Promise<number> {
  const { next_offset } = await log.tail('bench', 0);
  const rates: number[] = [];
  for (let i = 0; i < ROUNDS; i += 1) {
    const begun_ms = performance.now();
    let bytes = 0;
    for (let from = offset(0); from < next_offset;) {
      const batch = await log.read({ topic: 'bench', partition: 0, from });
      for (const read of batch.records) bytes += (read.key?.length ?? 0) + (read.value?.length ?? 0);
      from = batch.next_offset;
    }
    if (bytes < next_offset * RECORD_BYTES) throw new Error('not everything was read');
    rates.push(next_offset / ((performance.now() - begun_ms) / 1_000));
  }
  return Math.round(median(rates));
}

/** One durable append, alone, beside a write of 4 kB with its fdatasync on the same disk, one after the other. */
export async function measureSingles(log: Log, directory: string) {
  const file = openSync(join(directory, 'bare-file'), 'w');
  const page = Buffer.alloc(4_096, 'x');
  const appends_ms: number[] = [];
  const syncs_ms: number[] = [];
  for (let i = 0; i < SINGLES; i += 1) {
    let begun_ms = performance.now();
    writeSync(file, page);
    fdatasyncSync(file);
    syncs_ms.push(performance.now() - begun_ms);
    begun_ms = performance.now();
    await log.append([record(i)]);
    appends_ms.push(performance.now() - begun_ms);
  }
  closeSync(file);
  const [append_p50 = 0, append_p99 = 0] = percentiles(appends_ms, [0.5, 0.99]);
  const [sync_p50 = 0, sync_p99 = 0] = percentiles(syncs_ms, [0.5, 0.99]);
  return {
    embedded_append_p50_ms: append_p50,
    embedded_append_p99_ms: append_p99,
    bare_fdatasync_p50_ms: sync_p50,
    bare_fdatasync_p99_ms: sync_p99,
    embedded_append_p99_ratio: round(append_p99 / sync_p99),
  };
}
