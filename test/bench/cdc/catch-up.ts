import { join } from 'node:path';
import { ChangeRelay } from '@nerveline/cdc';
import { topics, type RelayProgress } from '@nerveline/contracts';
import type { OutRecord, RecordPosition } from '@nerveline/kernel';
import { openLog, partitionFor, type Log } from '@nerveline/log';
import { createDatabase, createTempDirectory, type TestDatabase } from '@nerveline/testing';
import { LogSink } from '../../../apps/cdc-relay/src/adapters/log-sink';
import { findRecvlogical, receive } from './recvlogical';
import { createLines, createSlot, insertLines, lines, median, PUBLICATION } from './source';

const ROUNDS = 3;
const MIB = 1_048_576;

export interface CatchUp {
  readonly rows: number;
  readonly per_transaction: number;
}

interface RelayRun {
  readonly took_s: number;
  readonly cpu_s: number;
  readonly rss_mb: number;
}

/** One backlog, read again and again in turns by pg_recvlogical into a file and by the relay into the embedded log. */
export async function measureCatchUp({ rows, per_transaction }: CatchUp): Promise<Record<string, number>> {
  await using database = await createDatabase();
  await using directory = await createTempDirectory();
  await createLines(database);
  const name = new URL(database.url).pathname.slice(1);
  const slots = Array.from({ length: ROUNDS }, (_, i) => ({
    relay: `${name}_relay_${i}`,
    receiver: `${name}_recv_${i}`,
  }));
  for (const { relay, receiver } of slots) {
    await createSlot(database, relay);
    await createSlot(database, receiver);
  }
  const from = await readPlace(database);
  await insertLines(database, { from: 0, count: rows, per_transaction });
  const [end] = await database.query('SELECT pg_current_wal_lsn()::text AS lsn');
  const program = findRecvlogical();
  const runs: RelayRun[] = [];
  const received: number[] = [];
  const ratios: number[] = [];
  for (const [i, { relay, receiver }] of slots.entries()) {
    const file = join(directory.path, `recv-${i}`);
    const receive_s =
      program === undefined
        ? Number.NaN
        : await receive(program, { url: database.url, slot: receiver, end_lsn: String(end?.['lsn']), file });
    const run = await runRelay({ database, slot: relay, directory: join(directory.path, `log-${i}`), rows, from });
    received.push(receive_s);
    runs.push(run);
    ratios.push(receive_s / run.took_s);
  }
  return {
    recvlogical_rows_per_s: Math.round(rows / median(received)),
    relay_rows_per_s: Math.round(rows / median(runs.map(({ took_s }) => took_s))),
    ratio: Math.round(median(ratios) * 1_000) / 1_000,
    cpu_s_per_million: Math.round((median(runs.map(({ cpu_s }) => cpu_s)) / rows) * 1e7) / 10,
    rss_mb: Math.round(Math.max(...runs.map(({ rss_mb }) => rss_mb))),
  };
}

interface Place {
  readonly epoch: RelayProgress['epoch'];
  readonly relation_oid: number;
  readonly lsn: string;
}

async function readPlace(database: TestDatabase): Promise<Place> {
  const [row] = await database.query(`
    SELECT (SELECT system_identifier::text FROM pg_control_system()) AS system_id,
      (SELECT timeline_id FROM pg_control_checkpoint()) AS timeline, 'lines'::regclass::oid::int AS relation_oid,
      pg_current_wal_lsn()::text AS lsn`);
  return {
    epoch: { system_id: String(row?.['system_id']), timeline: Number(row?.['timeline']) },
    relation_oid: Number(row?.['relation_oid']),
    lsn: String(row?.['lsn']),
  };
}

async function runRelay(options: {
  readonly database: TestDatabase;
  readonly slot: string;
  readonly directory: string;
  readonly rows: number;
  readonly from: Place;
}): Promise<RelayRun> {
  const { database, slot, directory, rows, from } = options;
  const log = await openLog({ data_directory: directory, service: 'cdc-relay', max_pending_bytes: 64 * MIB });
  await log.append([progressOf(slot, from)]);
  let rss_bytes = 0;
  const sampler = setInterval(() => (rss_bytes = Math.max(rss_bytes, process.memoryUsage.rss())), 50);
  const cpu = process.cpuUsage();
  const begun_ms = performance.now();
  const sink = new CountingSink(log, rows);
  const relay = ChangeRelay.start({
    ...{ source_url: database.url, slot, publication: PUBLICATION, tables: [lines] },
    sink,
    partitionOf: partitionFor,
  });
  await Promise.race([relay.done, sink.full]);
  const took_s = (performance.now() - begun_ms) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  clearInterval(sampler);
  await relay.stop();
  await log.close();
  return { took_s, cpu_s: (user + system) / 1e6, rss_mb: rss_bytes / MIB };
}

/** The table has been read: only the stream is measured. */
function progressOf(slot: string, { epoch, relation_oid, lsn }: Place) {
  const progress: RelayProgress = {
    ...{ format_version: 1, slot, epoch, floor_lsn: lsn, partitions: { [lines.topic.name]: lines.topic.partitions } },
    tables: {
      'public.lines': { relation_oid, state: 'finished', snapshot_lsn: lsn, chunks: 1, rows: 0, after_key: null },
    },
  };
  const value = Buffer.from(JSON.stringify(progress));
  return { topic: topics.relayProgress.name, partition: 0, key: slot, value, timestamp_ms: 0 };
}

/** Says when every row is durable: asking the log again and again would be part of what is measured. */
class CountingSink extends LogSink {
  readonly full: Promise<void>;
  #left: number;
  #onFull: () => void = () => {};

  constructor(log: Log, rows: number) {
    super(log);
    this.#left = rows;
    this.full = new Promise((resolve) => (this.#onFull = resolve));
  }

  override async write(records: readonly OutRecord[]): Promise<readonly RecordPosition[]> {
    const positions = await super.write(records);
    for (const { topic } of records) if (topic === lines.topic.name) this.#left -= 1;
    if (this.#left <= 0) this.#onFull();
    return positions;
  }
}
