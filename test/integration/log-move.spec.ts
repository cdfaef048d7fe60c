import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { topics } from '@nerveline/contracts';
import { offset, type OutRecord } from '@nerveline/kernel';
import { moveToKafka, openKafkaLog, openLog, type Log, type LogRecord, type LogTopic } from '@nerveline/log';
import { ownIdentity } from '@nerveline/process-identity';
import { createTempDirectory, describeWithKafka, eventually } from '@nerveline/testing';
import { broker, newPrefix, START_TIMEOUT_MS, startBroker, stopBroker } from './log-kafka-place';

const HOUR_MS = 3_600_000;
const topic = (name: string, owner: string, retention: LogTopic['retention'], partitions = 2): LogTopic => ({
  ...{ name, owner, retention, partitions },
});
const catalogue = [
  topic('facts', 'shop', { kind: 'age', retention_ms: HOUR_MS }),
  topic('last', 'shop', { kind: 'compacted' }),
  topic('empty', 'shop', { kind: 'compacted' }, 1),
  topic('answers', 'desk', { kind: 'age', retention_ms: HOUR_MS }, 1),
];
const record = (of: string, partition: number, i: number, more: Partial<OutRecord> = {}): OutRecord => ({
  ...{ topic: of, partition, key: `k${i % 7}`, value: Buffer.from(`value ${i}`), timestamp_ms: 1_000.5 + i },
  headers: { trace: `t${i}`, empty: '' },
  ...more,
});
const options = (data_directory: string, prefix: string) => ({
  ...{ data_directory, catalogue, max_record_bytes: () => 1_048_576 },
  kafka: { brokers: [broker().broker], prefix },
});

/** A log with everything that may be in one: gaps of compaction, truncated beginnings, tombstones, state, positions. */
async function fill(data_directory: string, records = 300): Promise<void> {
  const shop = await openLog({
    ...{ data_directory, service: 'shop', catalogue },
    ...{ housekeeping_interval_ms: 20, compaction_min_records: 1 },
  });
  const desk = await openLog({ data_directory, service: 'desk', catalogue });
  for (let i = 0; i < records; i += 50) {
    const some = Array.from({ length: 50 }, (_, at) => i + at);
    await shop.append(some.flatMap((n) => [record('facts', n % 2, n), record('last', 0, n)]));
  }
  await shop.append([record('last', 0, 1, { value: null }), record('facts', 0, 1, { key: null })]);
  await shop.append([record('facts', 1, 5, { value: Buffer.alloc(900_000, 'x') }), record('facts', 1, 6)]);
  await shop.truncateBefore('facts', 0, offset(11));
  // A gap of one.
  await shop.truncateBefore('facts', 1, offset(1));
  await shop.commit({
    state: Array.from({ length: 2_500 }, (_, i) => ({ store: 'seen', key: `k${i}`, value: Buffer.from(`${i}`) })),
  });
  await desk.append([record('answers', 0, 1)]);
  await desk.commit({
    state: [{ store: 'open', key: 'ä', value: Buffer.alloc(0) }],
    positions: [
      { group: 'desk.reader', topic: 'facts', partition: 0, next_offset: offset(40), applied_above: [offset(42)] },
      { group: 'desk.reader', topic: 'last', partition: 0, next_offset: offset(3), applied_above: [] },
    ],
  });
  await compacted(shop);
  await shop.close();
  await desk.close();
}

/** Compaction has left gaps. */
async function compacted(log: Log): Promise<void> {
  await eventually(async () => (await log.read({ topic: 'last', partition: 0, from: offset(0) })).records.length < 50, {
    within_ms: 20_000,
    what: 'a compaction',
  });
}

async function readAll(log: Log): Promise<string[]> {
  const all: string[] = [];
  for (const { name, partitions } of catalogue) {
    for (let partition = 0; partition < partitions; partition += 1) {
      const { start_offset, next_offset } = await log.tail(name, partition);
      all.push(`${name}/${partition} ends at ${next_offset}`);
      for (let from = start_offset; from < next_offset;) {
        const batch = await log.read({ topic: name, partition, from });
        all.push(...batch.records.map(inWords));
        from = batch.next_offset;
      }
    }
  }
  return all;
}

function inWords(it: LogRecord): string {
  const headers = JSON.stringify(Object.entries(it.headers).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  const bytes = (of: Uint8Array | null): string => (of === null ? 'null' : Buffer.from(of).toString('base64'));
  return `${it.topic}/${it.partition}@${it.offset} ${it.timestamp_ms} ${bytes(it.key)}=${bytes(it.value)} ${headers}`;
}

async function openEach(open: (service: string) => Promise<Log>) {
  const [shop, desk] = [await open('shop'), await open('desk')];
  return {
    ...{ shop, desk },
    async [Symbol.asyncDispose]() {
      await shop.close();
      await desk.close();
    },
  };
}

/** Everything that the port reads here and there, also where a new service starts on it. */
async function expectSame(data_directory: string, prefix: string): Promise<void> {
  await using here = await openEach((service) => openLog({ data_directory, service, catalogue }));
  const brokers = [broker().broker];
  await using there = await openEach((service) =>
    openKafkaLog({ brokers, prefix, service, catalogue, data_directory: join(data_directory, 'on-kafka', service) }),
  );
  expect(await readAll(there.shop)).toEqual(await readAll(here.shop));
  expect(await there.desk.positions('desk.reader')).toEqual(await here.desk.positions('desk.reader'));
  const entries = (log: Log, store: string) =>
    [...log.state.scan(store, '')].map(([key, value]) => `${key}=${Buffer.from(value).toString()}`);
  expect(entries(there.shop, 'seen')).toEqual(entries(here.shop, 'seen'));
  expect(entries(there.desk, 'open')).toEqual(entries(here.desk, 'open'));
  const [{ offset: at } = { offset: -1 }] = await there.shop.append([record('last', 0, 1)]);
  expect(at).toBe((await here.shop.tail('last', 0)).next_offset);
}

describeWithKafka('a log that is moved to Kafka', () => {
  beforeAll(() => startBroker(), START_TIMEOUT_MS);
  afterAll(stopBroker);

  test('reads there as it read here: order, offsets, keys, headers, times, state and positions; and goes on behind them', async () => {
    await using directory = await createTempDirectory();
    await fill(directory.path);
    const prefix = newPrefix();
    const moved = await moveToKafka(options(directory.path, prefix));
    expect(moved.map(({ service, state_entries, positions }) => ({ service, state_entries, positions }))).toEqual([
      { service: 'shop', state_entries: 2_500, positions: 0 },
      { service: 'desk', state_entries: 1, positions: 2 },
    ]);
    await expectSame(directory.path, prefix);
  }, 120_000);

  test('is there once when it is moved again, and what changed here since is moved too', async () => {
    await using directory = await createTempDirectory();
    await fill(directory.path);
    const prefix = newPrefix();
    await moveToKafka(options(directory.path, prefix));
    await moveToKafka(options(directory.path, prefix));
    const shop = await openLog({ data_directory: directory.path, service: 'shop', catalogue });
    await shop.append([record('facts', 0, 9)]);
    await shop.commit({ state: [{ store: 'seen', key: 'k1', value: null }] });
    await shop.close();
    await moveToKafka(options(directory.path, prefix));
    await expectSame(directory.path, prefix);
  }, 120_000);

  test.each(['copies facts', 'copies last', 'carries its state', 'compares'])(
    'that was killed while it "%s" goes on, and everything is there once',
    async (step) => {
      await using directory = await createTempDirectory();
      await fill(directory.path, 5_000);
      const prefix = newPrefix();
      const words = [directory.path, broker().broker, prefix, JSON.stringify(catalogue)];
      const mover = spawn(process.execPath, [resolve('test/integration/log-move-program.ts'), ...words], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      mover.stdout.on('data', (said: Buffer) => {
        if (said.toString().includes(step)) mover.kill('SIGKILL');
      });
      const [, signal] = (await once(mover, 'exit')) as [unknown, string | null];
      expect(signal).toBe('SIGKILL');
      await moveToKafka(options(directory.path, prefix));
      await expectSame(directory.path, prefix);
    },
    120_000,
  );

  test('is refused while a service runs on it, and nothing is moved', async () => {
    await using directory = await createTempDirectory();
    await fill(directory.path);
    const prefix = newPrefix();
    const desk = await openLog({ data_directory: directory.path, service: 'desk', catalogue });
    await expect(moveToKafka(options(directory.path, prefix))).rejects.toMatchObject({ code: 'NL-LOG-010' });
    await desk.close();
  }, 60_000);

  test.each([
    ['facts', 0, 'where nothing is any more'],
    ['facts', 1, 'where there is another record'],
    ['empty', 0, 'where there is nothing'],
  ])('is refused where the topics hold something else: %s/%i, %s; that stays', async (name, partition) => {
    await using directory = await createTempDirectory();
    await fill(directory.path);
    const prefix = newPrefix();
    const brokers = [broker().broker];
    const there = { brokers, prefix, service: 'shop', catalogue, data_directory: join(directory.path, 'other') };
    const other = await openKafkaLog(there);
    await other.append([record(name, partition, 77)]);
    await expect(moveToKafka(options(directory.path, prefix))).rejects.toMatchObject({ code: 'NL-LOG-040' });
    expect((await other.read({ topic: name, partition, from: offset(0) })).records).toHaveLength(1);
    await other.close();
  });

  test('is one command, which says what it has moved, and refuses while the platform runs', async () => {
    await using directory = await createTempDirectory();
    const log = await openLog({ data_directory: directory.path, service: 'fraud-scoring' });
    const key = 'demo/card';
    await log.append([{ topic: topics.decisions.name, key, value: Buffer.from('{}'), timestamp_ms: 1 }]);
    const next_offset = offset(0);
    const position = { topic: topics.blockList.name, partition: 0, next_offset, applied_above: [] };
    await log.commit({
      state: [{ store: 's', key, value: Buffer.from('v') }],
      positions: [{ group: 'fraud-scoring.lists', ...position }],
    });
    await log.close();
    const cli = async (): Promise<{ stdout: string; stderr: string }> => {
      const words = [
        'move',
        '--to',
        'kafka',
        '--brokers',
        broker().broker,
        '--prefix',
        prefix,
        '--data',
        directory.path,
      ];
      const command = promisify(execFile)(process.execPath, [resolve('apps/cli/src/main.ts'), ...words]);
      return command.catch((error: unknown) => error as { stdout: string; stderr: string });
    };
    const prefix = newPrefix();
    const lock = join(directory.path, 'host.lock');
    writeFileSync(lock, JSON.stringify(ownIdentity()));
    expect((await cli()).stderr).toContain('NL-HST-003');
    rmSync(lock);
    const { stdout, stderr } = await cli();
    expect(stderr).toContain('fraud-scoring: compares');
    expect(stdout).toMatch(/^fraud-scoring +fraud\.decisions +4 +1 +11 +[0-9a-f]{12}$/m);
    expect(stdout).toMatch(/^fraud-scoring +1 +1$/m);
  }, 60_000);
});
