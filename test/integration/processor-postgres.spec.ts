import { offset, type OutRecord } from '@nerveline/kernel';
import {
  AppliedOnce,
  createAppliedTable,
  openLog,
  processor,
  type Effects,
  type Log,
  type LogRecord,
  type LogTopic,
  type RecordContext,
} from '@nerveline/log';
import { createDatabase, createTempDirectory, eventually, stopOwnPostgres } from '@nerveline/testing';
import { DataSource } from 'typeorm';

const topic = (name: string, more: Partial<LogTopic> = {}): LogTopic => ({
  ...{ name, owner: 'bank', partitions: 1, retention: { kind: 'age', retention_ms: 3_600_000 } },
  ...more,
});
const held = { retention: { kind: 'compacted' }, wraps_records: true } as const;
const catalogue = [topic('orders'), topic('receipts'), topic('bank.parked', held), topic('bank.dlq', held)];
const GROUP = 'bank.accounts';

const text = (bytes: Uint8Array | null): string => Buffer.from(bytes ?? []).toString();

afterAll(stopOwnPostgres);

async function openBank(options: { readonly keep_ms?: number } = {}) {
  const database = await createDatabase();
  const directory = await createTempDirectory();
  const source = await new DataSource({ type: 'postgres', url: database.url }).initialize();
  await source.query('CREATE TABLE account (name text PRIMARY KEY, balance int NOT NULL)');
  await createAppliedTable(source.createQueryRunner());
  const log = await openLog({ data_directory: directory.path, service: 'bank', catalogue });
  const applied = new AppliedOnce(source, { group: GROUP, ...options });
  /** Three lines: the transaction, what it changes, what it tells the log. */
  const handle = (record: LogRecord, context: RecordContext): Promise<Effects | void> =>
    applied.once(record, context, async (manager) => {
      const add = 'INSERT INTO account VALUES ($1, 1) ON CONFLICT (name) DO UPDATE SET balance = account.balance + 1';
      await manager.query(add, [text(record.key)]);
      return { appends: [{ topic: 'receipts', key: record.key, value: record.value, timestamp_ms: 1 }] };
    });
  return {
    ...{ log, source, applied, handle },
    balance: async (name: string): Promise<number | undefined> => {
      const [row]: { balance: number }[] = await source.query('SELECT balance FROM account WHERE name = $1', [name]);
      return row?.balance;
    },
    rows: async (): Promise<number> =>
      Number((await source.query<{ n: string }[]>('SELECT count(*) AS n FROM nerveline_applied'))[0]?.n),
    receipts: async (): Promise<string[]> =>
      (await log.read({ topic: 'receipts', partition: 0, from: offset(0) })).records.map(({ value }) => text(value)),
    run: (over: Log, more: Partial<{ handle: typeof handle; deadline_ms: number; drain_ms: number }> = {}) =>
      processor(over, {
        ...{ group: GROUP, topics: ['orders'], from: 'earliest', handle },
        failures: { parked: 'bank.parked', dead_letters: 'bank.dlq' },
        retry: { first_ms: 2, longest_ms: 5, in_place_ms: 10, parked_first_ms: 10, parked_longest_ms: 20 },
        commit_interval_ms: 0,
        ...more,
      }),
    [Symbol.asyncDispose]: async () => {
      await log.close();
      await source.destroy();
      await directory[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
    },
  };
}

const order = (key: string, value: string): OutRecord => ({
  ...{ topic: 'orders', key, value: Buffer.from(value), timestamp_ms: 1 },
});

/** The same log to whom commits never get through: its process dies with them. */
const withoutCommits = (log: Log): Log =>
  new Proxy(log, {
    get: (target, name) => {
      if (name === 'commit') return () => new Promise(() => undefined);
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });

test('a crash between the commit in Postgres and that of the log changes nothing twice, and loses nothing that was for the log', async () => {
  await using bank = await openBank();
  await bank.log.append([order('ann', '1'), order('bob', '2'), order('ann', '3')]);
  const dying = bank.run(withoutCommits(bank.log), { drain_ms: 10 });
  await eventually(async () => (await bank.balance('ann')) === 1 && (await bank.balance('bob')) === 1);
  await dying.stop();
  expect(await bank.receipts()).toEqual([]);
  const next = bank.run(bank.log);
  await next.caughtUp();
  await next.stop();
  expect(await bank.balance('ann')).toBe(2);
  expect(await bank.balance('bob')).toBe(1);
  expect((await bank.receipts()).sort()).toEqual(['1', '2', '3']);
});

test('two who handle the same record at once change it once', async () => {
  await using bank = await openBank();
  const record = { topic: 'orders', partition: 0, offset: offset(0) };
  const context = { signal: new AbortController().signal, unsettled: () => ({ next_offset: offset(0), held: [] }) };
  const add = () =>
    bank.applied.once(record, context, async (manager) => {
      await manager.query(
        `INSERT INTO account VALUES ('ann', 1) ON CONFLICT (name) DO UPDATE SET balance = account.balance + 1`,
      );
    });
  await Promise.all(Array.from({ length: 8 }, add));
  expect(await bank.balance('ann')).toBe(1);
});

test('a handler that is cut at its deadline leaves nothing in Postgres, and its record is applied once when it is tried again', async () => {
  await using bank = await openBank();
  await bank.log.append([order('ann', '1')]);
  let calls = 0;
  const slow = async (record: LogRecord, context: RecordContext): Promise<Effects | void> => {
    calls += 1;
    if (calls > 1) return bank.handle(record, context);
    const aborted = new Promise<void>((resolve) => context.signal.addEventListener('abort', () => resolve()));
    return bank.applied.once(record, context, async (manager) => {
      await manager.query(`INSERT INTO account VALUES ('ann', 100)`);
      await aborted;
    });
  };
  const running = bank.run(bank.log, { handle: slow, deadline_ms: 300 });
  await eventually(async () => (await bank.balance('ann')) === 1);
  await running.stop();
  expect(calls).toBe(2);
});

test('rows of what is settled are forgotten, those of what is held stay', async () => {
  await using bank = await openBank({ keep_ms: 0 });
  const noise = async () => undefined;
  const { signal } = new AbortController();
  const at = (n: number) => ({ topic: 'orders', partition: 0, offset: offset(n) });
  const early = { signal, unsettled: () => ({ next_offset: offset(0), held: [] }) };
  for (const n of [0, 1, 2]) await bank.applied.once(at(n), early, noise);
  expect(await bank.rows()).toBe(3);
  const later = { signal, unsettled: () => ({ next_offset: offset(3), held: [offset(1)] }) };
  await new AppliedOnce(bank.source, { group: GROUP, keep_ms: 0 }).once(at(3), later, noise);
  const rows: { record_offset: string }[] = await bank.source.query(
    'SELECT record_offset FROM nerveline_applied ORDER BY 1',
  );
  expect(rows.map(({ record_offset }) => Number(record_offset))).toEqual([1, 3]);
});
