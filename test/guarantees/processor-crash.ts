import type { OutRecord } from '@nerveline/kernel';
import type { Log } from '@nerveline/log';
import { eventually, startProgram, type TestProgram } from '@nerveline/testing';
import type { LogPlace, OpenLogPlace } from './log-place';
import { catalogue, readByKey } from './processor-program';

const long = process.env['NERVELINE_LONG'] === '1';
const seed = Number(process.env['NERVELINE_SEED'] ?? 1);
const KILLS = 4;
const PATIENCE = { within_ms: 60_000 };
const TEST_MS = long ? 3_600_000 : 120_000;

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

const start = ({ environment }: LogPlace, mood: 'ailing' | 'healthy') =>
  startProgram(require.resolve('./processor-program'), [mood], { environment });
const said = (program: TestProgram) => program.messages as readonly Said[];
const last = (program: TestProgram) => said(program).findLast(({ load }) => load !== undefined);

async function kill(program: TestProgram): Promise<void> {
  program.kill('SIGKILL');
  await program.ended;
}

/** What was counted, once there is so much of it: a new owner tells how far it is before it has read what is parked. */
const countsOf = (log: Log, records: number): Promise<Record<string, string[]>> =>
  eventually(
    async () => {
      const counts = await readByKey(log, 'counts');
      return Object.values(counts).flat().length >= records && counts;
    },
    { ...PATIENCE, what: `${records} counted records` },
  );

const isSettled = (program: TestProgram, records: number) => () => {
  const now = last(program);
  return now?.next_offsets?.['orders/0'] === records && now.load?.parked_records === 0;
};

async function withWriter<T>(place: LogPlace, use: (log: Log) => Promise<T>): Promise<T> {
  const log = await place.open('writer', catalogue);
  try {
    return await use(log);
  } finally {
    await log.close();
  }
}

/** Promises 3, 4 and 6: a processor is killed with -9; each record is applied once and in order, and none is lost. */
export function describeProcessorCrashes(openPlace: OpenLogPlace, usual_runs = 3): void {
  const runs = long ? 30 : usual_runs;

  test(
    '5 is parked, 6 to 9 are applied, kill -9, a new owner: 5 is applied once, and before what came behind it',
    async () => {
      await using place = await openPlace();
      const values = ['0', '1', '2', '3', '4', '5 ailing', '6', '7', '8', '9'];
      const records = values.map((value, i) => order(i === 5 ? 'five' : `key-${i % 3}`, value));
      await withWriter(place, (log) => log.append(records));
      {
        await using ailing = start(place, 'ailing');
        await eventually(() => said(ailing).some(({ fate }) => fate === 'parked'), {
          ...PATIENCE,
          what: '5 to be parked',
        });
        await withWriter(place, (log) => log.append([order('five', 'behind')]));
        await eventually(() => last(ailing)?.next_offsets?.['orders/0'] === 11, {
          ...PATIENCE,
          what: '6 to 9 to be applied',
        });
        await kill(ailing);
      }
      await using healthy = start(place, 'healthy');
      await eventually(isSettled(healthy, 11), { ...PATIENCE, what: '5 to be applied' });
      const counts = await withWriter(place, (log) => countsOf(log, 11));
      expect(counts['five']).toEqual(['5 ailing', 'behind']);
      expect(Object.values(counts).flat()).toHaveLength(11);
    },
    TEST_MS,
  );

  test(
    '5 is a dead letter, 6 to 9 are applied, kill -9, redriven by its first position: applied once, also when it is sent twice and the owner dies again',
    async () => {
      await using place = await openPlace();
      const values = ['0', '1', '2', '3', '4', '5 poison', '6', '7', '8', '9'];
      await withWriter(place, (log) => log.append(values.map((value) => order('one', value))));
      {
        await using ailing = start(place, 'ailing');
        await eventually(
          () => last(ailing)?.next_offsets?.['orders/0'] === 10 && last(ailing)?.dead_letters === 1,
          PATIENCE,
        );
        await kill(ailing);
      }
      {
        await using healthy = start(place, 'healthy');
        // It redrives what it owns, and the one that was killed may still be thought to live.
        await eventually(() => last(healthy)?.dead_letters === 1 && isSettled(healthy, 10)(), PATIENCE);
        healthy.tell({ redrive: true });
        healthy.tell({ redrive: true });
        await eventually(() => said(healthy).filter(({ redriven }) => redriven !== undefined).length === 2, PATIENCE);
        expect(said(healthy).flatMap(({ redriven = [] }) => redriven)).toEqual([5]);
        await eventually(() => last(healthy)?.dead_letters === 0 && isSettled(healthy, 10)(), PATIENCE);
        await kill(healthy);
      }
      await using again = start(place, 'healthy');
      await eventually(isSettled(again, 10), PATIENCE);
      const counts = await withWriter(place, (log) => countsOf(log, 10));
      expect(counts['one']).toEqual(['0', '1', '2', '3', '4', '6', '7', '8', '9', '5 poison']);
    },
    TEST_MS,
  );

  test.each(Array.from({ length: runs }, (_, run) => run))(
    'killed at random moments, run %i: each record is applied once, those of a key in their order',
    async (run) => {
      await using place = await openPlace();
      const random = seededRandom(seed + run);
      const records: OutRecord[] = [];
      for (let i = 0; i < place.records; i += 1) {
        records.push(order(`key-${Math.floor(random() * 20)}`, random() < 0.01 ? `${i} retriable` : `${i}`));
      }
      await withWriter(place, async (log) => {
        const writing = (async () => {
          for (let from = 0; from < records.length; from += 50) await log.append(records.slice(from, from + 50));
        })();
        for (let kills = 0; kills < KILLS; kills += 1) {
          await using ailing = start(place, 'ailing');
          await ailing.next();
          // The moment of the kill is what is tried here.
          await new Promise((resolve) => setTimeout(resolve, random() * place.busy_ms));
          await kill(ailing);
        }
        await writing;
        await using healthy = start(place, 'healthy');
        await eventually(isSettled(healthy, records.length), PATIENCE);
        const counts = await countsOf(log, records.length);
        const expected: Record<string, string[]> = {};
        for (const { key, value } of records) (expected[String(key)] ??= []).push(Buffer.from(value ?? []).toString());
        expect(counts).toEqual(expected);
      });
    },
    TEST_MS,
  );
}

function seededRandom(from: number): () => number {
  let a = from >>> 0;
  return () => {
    a = (Math.imul(a, 1_664_525) + 1_013_904_223) >>> 0;
    return a / 4_294_967_296;
  };
}
