import type { OutRecord } from '@nerveline/kernel';
import { openLog, type Log } from '@nerveline/log';
import { createTempDirectory, eventually, startProgram, type TestProgram } from '@nerveline/testing';
import { catalogue, readByKey } from './processor-program';

const long = process.env['NERVELINE_LONG'] === '1';
const seed = Number(process.env['NERVELINE_SEED'] ?? 1);
const RUNS = long ? 30 : 3;
const KILLS = 4;

jest.setTimeout(long ? 3_600_000 : 90_000);

const order = (key: string, value: string): OutRecord => ({
  ...{ topic: 'orders', partition: 0, key, value: Buffer.from(value), timestamp_ms: 1 },
});

interface Said {
  readonly fate?: string;
  readonly value?: string;
  readonly load?: { readonly parked_records: number };
  readonly next_offsets?: Readonly<Record<string, number>>;
  readonly dead_letters?: number;
  readonly redriven?: readonly number[];
}

const start = (directory: string, mood: 'ailing' | 'healthy') =>
  startProgram(require.resolve('./processor-program'), [directory, mood]);
const said = (program: TestProgram) => program.messages as readonly Said[];
const last = (program: TestProgram) => said(program).findLast(({ load }) => load !== undefined);

async function kill(program: TestProgram): Promise<void> {
  program.kill('SIGKILL');
  await program.ended;
}

const isSettled = (program: TestProgram, records: number) => () => {
  const now = last(program);
  return now?.next_offsets?.['orders/0'] === records && now.load?.parked_records === 0;
};

async function withWriter<T>(directory: string, use: (log: Log) => Promise<T>): Promise<T> {
  const log = await openLog({ data_directory: directory, service: 'writer', catalogue });
  try {
    return await use(log);
  } finally {
    await log.close();
  }
}

test('5 is parked, 6 to 9 are applied, kill -9, a new owner: 5 is applied once, and before what came behind it', async () => {
  await using directory = await createTempDirectory();
  const values = ['0', '1', '2', '3', '4', '5 retriable', '6', '7', '8', '9'];
  const records = values.map((value, i) => order(i === 5 ? 'five' : `key-${i % 3}`, value));
  await withWriter(directory.path, (log) => log.append(records));
  {
    await using ailing = start(directory.path, 'ailing');
    await eventually(() => said(ailing).some(({ fate }) => fate === 'parked'), { what: '5 to be parked' });
    await withWriter(directory.path, (log) => log.append([order('five', 'behind')]));
    await eventually(() => last(ailing)?.next_offsets?.['orders/0'] === 11, { what: '6 to 9 to be applied' });
    await kill(ailing);
  }
  await using healthy = start(directory.path, 'healthy');
  await eventually(isSettled(healthy, 11), { what: '5 to be applied' });
  const counts = await withWriter(directory.path, (log) => readByKey(log, 'counts'));
  expect(counts['five']).toEqual(['5 retriable', 'behind']);
  expect(Object.values(counts).flat()).toHaveLength(11);
});

test('5 is a dead letter, 6 to 9 are applied, kill -9, redriven by its first position: applied once, also when it is sent twice and the owner dies again', async () => {
  await using directory = await createTempDirectory();
  const values = ['0', '1', '2', '3', '4', '5 poison', '6', '7', '8', '9'];
  await withWriter(directory.path, (log) => log.append(values.map((value) => order('one', value))));
  {
    await using ailing = start(directory.path, 'ailing');
    await eventually(() => last(ailing)?.next_offsets?.['orders/0'] === 10 && last(ailing)?.dead_letters === 1);
    await kill(ailing);
  }
  {
    await using healthy = start(directory.path, 'healthy');
    await eventually(() => last(healthy)?.dead_letters === 1);
    healthy.tell({ redrive: true });
    healthy.tell({ redrive: true });
    await eventually(() => said(healthy).filter(({ redriven }) => redriven !== undefined).length === 2);
    expect(said(healthy).flatMap(({ redriven = [] }) => redriven)).toEqual([5]);
    await eventually(() => last(healthy)?.dead_letters === 0 && isSettled(healthy, 10)());
    await kill(healthy);
  }
  await using again = start(directory.path, 'healthy');
  await eventually(isSettled(again, 10));
  const counts = await withWriter(directory.path, (log) => readByKey(log, 'counts'));
  expect(counts['one']).toEqual(['0', '1', '2', '3', '4', '6', '7', '8', '9', '5 poison']);
});

test.each(Array.from({ length: RUNS }, (_, run) => run))(
  'killed at random moments, run %i: each record is applied once, those of a key in their order',
  async (run) => {
    await using directory = await createTempDirectory();
    const random = seededRandom(seed + run);
    const records: OutRecord[] = [];
    for (let i = 0; i < 3_000; i += 1) {
      records.push(order(`key-${Math.floor(random() * 20)}`, random() < 0.01 ? `${i} retriable` : `${i}`));
    }
    await withWriter(directory.path, async (log) => {
      const writing = (async () => {
        for (let from = 0; from < records.length; from += 50) await log.append(records.slice(from, from + 50));
      })();
      for (let kills = 0; kills < KILLS; kills += 1) {
        await using ailing = start(directory.path, 'ailing');
        await ailing.next();
        // The moment of the kill is what is tried here.
        await new Promise((resolve) => setTimeout(resolve, random() * 150));
        await kill(ailing);
      }
      await writing;
      await using healthy = start(directory.path, 'healthy');
      await eventually(isSettled(healthy, records.length), { within_ms: 30_000 });
      const counts = await readByKey(log, 'counts');
      const expected: Record<string, string[]> = {};
      for (const { key, value } of records) (expected[String(key)] ??= []).push(Buffer.from(value ?? []).toString());
      expect(counts).toEqual(expected);
    });
  },
);

function seededRandom(from: number): () => number {
  let a = from >>> 0;
  return () => {
    a = (Math.imul(a, 1_664_525) + 1_013_904_223) >>> 0;
    return a / 4_294_967_296;
  };
}
