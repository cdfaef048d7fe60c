import { join } from 'node:path';
import { topics } from '@nerveline/contracts';
import { offset } from '@nerveline/kernel';
import { openLog, type LogRecord } from '@nerveline/log';
import { createTempDirectory, eventually, startPlatform, type TestPlatform } from '@nerveline/testing';
import { Client } from 'pg';

const ENOUGH_ROWS = 1_600;
const text = new TextDecoder();

test('a second start goes on where the first one stopped, and so does the next one after a kill -9 of the host: nothing lost, nothing doubled', async () => {
  await using directory = await createTempDirectory();
  const data_directory = join(directory.path, 'data');

  const first = await startPlatform({ data_directory, environment: { ORDERS_PER_S: '20', PAYMENTS_PER_S: '20' } });
  await eventually(async () => (await ledgerRows(first)).length > ENOUGH_ROWS, { within_ms: 60_000 });
  const running = first.pids();
  expect(await first.stop()).toBe(0);
  expect(running.filter(isAlive)).toEqual([]);

  const second = await startPlatform({ data_directory, environment: { ORDERS_PER_S: '20', PAYMENTS_PER_S: '20' } });
  const before = (await ledgerRows(second)).length;
  expect(before).toBeGreaterThan(ENOUGH_ROWS);
  await eventually(async () => (await ledgerRows(second)).length > before + 50, { within_ms: 60_000 });
  await second.kill();

  await using third = await startPlatform({ data_directory, words: ['--no-simulator'] });
  await eventually(async () => same(await ledgerRows(third), await keysInLog(third, topics.stockLedger.name)), {
    within_ms: 30_000,
    what: 'every ledger row once in the log',
  });
  const payments = (await recordsOf(third, topics.decisions.name)).map(
    ({ value }) =>
      (JSON.parse(text.decode(value ?? undefined)) as { request: { payment_id: string } }).request.payment_id,
  );
  expect(payments.length).toBeGreaterThan(0);
  expect(new Set(payments).size).toBe(payments.length);
}, 240_000);

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Keys of the ledger in the database, as the change topic writes them. */
async function ledgerRows({ database_url }: TestPlatform): Promise<string[]> {
  const client = new Client({ connectionString: database_url });
  await client.connect();
  try {
    const { rows } = await client.query<{ sku: string; entry: string }>(
      'SELECT sku, entry FROM inventory.stock_ledger',
    );
    return rows.map(({ sku, entry }) => `demo/${sku}/${entry}`);
  } finally {
    await client.end();
  }
}

const keysInLog = async (platform: TestPlatform, topic: string) =>
  (await recordsOf(platform, topic)).map(({ key }) => text.decode(key ?? undefined));

const same = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && new Set([...a, ...b]).size === a.length;

async function recordsOf({ data_directory }: TestPlatform, topic: string): Promise<LogRecord[]> {
  const log = await openLog({ data_directory, service: 'test-reader' });
  try {
    const all: LogRecord[] = [];
    for (let partition = 0; partition < (await log.partitionCount(topic)); partition++) {
      const { start_offset, next_offset } = await log.tail(topic, partition);
      for (let from = start_offset; from < next_offset;) {
        const batch = await log.read({ topic, partition, from });
        // Bytes are views of the batch; these are kept beyond it.
        all.push(...batch.records.map((record) => ({ ...record, key: copy(record.key), value: copy(record.value) })));
        from = offset(batch.next_offset);
      }
    }
    return all;
  } finally {
    await log.close();
  }
}

const copy = (bytes: Uint8Array | null) => (bytes === null ? null : Uint8Array.from(bytes));
