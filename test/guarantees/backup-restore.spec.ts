import { execFile } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { topics } from '@nerveline/contracts';
import { offset } from '@nerveline/kernel';
import { openLog } from '@nerveline/log';
import { createTempDirectory, eventually, startPlatform, type Answer, type TestPlatform } from '@nerveline/testing';
import { Client } from 'pg';

const SKU = 'BACKED-UP';
const TRAFFIC = { ORDERS_PER_S: '20', PAYMENTS_PER_S: '20' };

async function cli(...words: string[]): Promise<{ readonly code: number; readonly output: string }> {
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [resolve('apps/cli/src/main.ts'), ...words]);
    return { code: 0, output: stdout };
  } catch (error) {
    return { code: 1, output: String((error as { stderr?: string }).stderr) };
  }
}

async function sql(platform: TestPlatform, statement: string): Promise<Record<string, string>[]> {
  const client = new Client({ connectionString: platform.database_url });
  await client.connect();
  try {
    return (await client.query<Record<string, string>>(statement)).rows;
  } finally {
    await client.end();
  }
}

const pay = (platform: TestPlatform, id: string, event_ms: number, card = `card-${id}`): Promise<Answer> =>
  platform.post('fraud-scoring', '/v1/payments/decisions', {
    ...{ payment_id: id, idempotency_key: id, card, amount_minor: 1_250, currency: 'EUR' },
    ...{ merchant_id: 'M-001', event_ms },
  });

const reserve = (platform: TestPlatform, id: string): Promise<Answer> =>
  platform.post('inventory-sync', '/v1/stock/reservations', {
    ...{ idempotency_key: id, channel_id: 'web', holder: id, ttl_ms: 600_000 },
    lines: [{ sku: SKU, location_id: 'B1', quantity: 1 }],
  });

const block = (platform: TestPlatform, value: string) =>
  sql(platform, `INSERT INTO fraud.block_list VALUES ('demo', 'card', '${value}', 'test', 'me')`);

/** One of each, answered: what the outside world knows to be done. */
interface Round {
  readonly id: string;
  readonly event_ms: number;
  readonly paid: Answer;
  readonly reserved: Answer;
}

async function playRound(platform: TestPlatform, id: string): Promise<Round> {
  const event_ms = Date.now();
  const [paid, reserved] = await Promise.all([
    pay(platform, id, event_ms),
    reserve(platform, id),
    block(platform, `blocked-${id}`),
  ]);
  return { id, event_ms, paid, reserved };
}

/** All records of a topic as text, in the log's order. */
async function recordsOf(platform: TestPlatform, topic: string): Promise<{ key: string; value: string }[]> {
  const log = await openLog({ data_directory: platform.data_directory, service: 'test-reader' });
  try {
    const records: { key: string; value: string }[] = [];
    for (let partition = 0; partition < (await log.partitionCount(topic)); partition += 1) {
      const { start_offset, next_offset } = await log.tail(topic, partition);
      for (let from = start_offset; from < next_offset;) {
        const batch = await log.read({ topic, partition, from });
        records.push(...batch.records.map(({ key, value }) => ({ key: toText(key), value: toText(value) })));
        from = offset(batch.next_offset);
      }
    }
    return records;
  } finally {
    await log.close();
  }
}

const toText = (bytes: Uint8Array | null): string => Buffer.from(bytes ?? []).toString();

/** What is in the source and what is in the log of it, each row once. */
async function isCarried(platform: TestPlatform, topic: string, statement: string): Promise<boolean> {
  const rows = (await sql(platform, statement)).map(({ key = '' }) => key).sort();
  const keys = (await recordsOf(platform, topic)).map(({ key }) => key).sort();
  return rows.length === keys.length && rows.every((key, at) => key === keys[at]);
}

const LEDGER = "SELECT 'demo/' || sku || '/' || entry AS key FROM inventory.stock_ledger";
const BLOCKED = "SELECT 'demo/card/' || value AS key FROM fraud.block_list WHERE kind = 'card'";
const OFF_BALANCE = `SELECT l.sku FROM inventory.stock_levels l
  LEFT JOIN (SELECT tenant_id, sku, location_id, sum(on_hand_delta) AS on_hand, sum(reserved_delta) AS reserved
             FROM inventory.stock_ledger GROUP BY 1, 2, 3) s USING (tenant_id, sku, location_id)
  WHERE l.on_hand <> coalesce(s.on_hand, 0) OR l.reserved <> coalesce(s.reserved, 0)`;

async function killAll(platform: TestPlatform): Promise<void> {
  for (const pid of platform.pids()) process.kill(pid, 'SIGKILL');
  await platform.kill();
}

test('a backup of the running platform, restored elsewhere after everything was killed: nothing that was answered before is lost, nothing is doubled, and it goes on', async () => {
  await using directory = await createTempDirectory();
  const data = join(directory.path, 'data');
  const to = join(directory.path, 'backup');
  const first = await startPlatform({ data_directory: data, environment: TRAFFIC });
  await sql(first, `INSERT INTO inventory.products VALUES ('demo', '${SKU}', 'Backed up', 4900, 'EUR')`);
  await first.post('inventory-sync', '/v1/stock/movements', {
    ...{ idempotency_key: 'in', kind: 'receipt', sku: SKU, location_id: 'B1', quantity: 100_000, reason: 'test' },
  });

  // Steady work before, during and behind the backup.
  const rounds: Round[] = [];
  let ended = false;
  const work = (async () => {
    for (let count = 0; !ended; count += 1) rounds.push(await playRound(first, `r${count}`));
  })();
  await eventually(() => rounds.length > 30, { within_ms: 60_000 });
  const answered = rounds.length;
  const backup = await cli('backup', '--to', to, '--data', data);
  expect(backup).toMatchObject({ code: 0, output: expect.stringMatching(/writers waited \d+ ms/) as string });
  const behind = rounds.length + 10;
  await eventually(() => rounds.length > behind, { within_ms: 60_000 });
  ended = true;
  await work;
  // The slots that kept the WAL meanwhile are gone.
  expect(
    await sql(first, `SELECT slot_name FROM pg_replication_slots WHERE slot_name LIKE 'nerveline_backup%'`),
  ).toEqual([]);
  await killAll(first);
  renameSync(data, `${data}-lost`);

  await refusesWhatIsWrong(directory.path, to);
  const restored = join(directory.path, 'restored');
  expect(await cli('restore', '--from', to, '--data', restored)).toMatchObject({ code: 0 });
  await using second = await startPlatform({ data_directory: restored, words: ['--no-simulator'] });

  // Nothing that was answered before the backup began is lost: the same question gets the same answer.
  for (const { id, event_ms, paid, reserved } of rounds.slice(0, answered)) {
    expect(await pay(second, id, event_ms)).toEqual(paid);
    expect(await reserve(second, id)).toEqual(reserved);
  }
  // And it goes on: new rows are carried, and decided about.
  const fresh = await playRound(second, 'fresh');
  expect([fresh.paid.status, fresh.reserved.status]).toEqual([rounds[0]?.paid.status, rounds[0]?.reserved.status]);
  await eventually(
    async () =>
      (await isCarried(second, topics.stockLedger.name, LEDGER)) &&
      (await isCarried(second, topics.blockList.name, BLOCKED)),
    { within_ms: 60_000, what: 'every row of the source once in the log' },
  );
  const payments = (await recordsOf(second, topics.decisions.name)).map(
    ({ value }) => (JSON.parse(value) as { request: { payment_id: string } }).request.payment_id,
  );
  expect(payments.length).toBeGreaterThan(answered);
  expect(new Set(payments).size).toBe(payments.length);
  expect(await sql(second, OFF_BALANCE)).toEqual([]);
  const blocked = await pay(second, 'of-a-blocked-card', Date.now(), 'blocked-fresh');
  expect(blocked.body).toMatchObject({ verdict: 'block' });
}, 300_000);

/** Each by its code, and nothing is left behind. */
async function refusesWhatIsWrong(directory: string, backup: string): Promise<void> {
  const damaged = join(directory, 'damaged');
  const target = join(directory, 'target');
  const attempt = async (harm: () => void): Promise<string> => {
    cpSync(backup, damaged, { recursive: true });
    harm();
    const { code, output } = await cli('restore', '--from', damaged, '--data', target);
    rmSync(damaged, { recursive: true });
    expect(code).toBe(1);
    expect(readdirSync(directory).filter((name) => name.startsWith('target'))).toEqual([]);
    return output;
  };
  const log = join(damaged, 'log', 'fraud-scoring', 'data.mdb');
  expect(await attempt(() => writeFileSync(log, 'x', { flag: 'r+' }))).toContain('NL-BAK-002: log/fraud-scoring');
  expect(await attempt(() => truncateSync(log, 4_096))).toContain('NL-BAK-002: log/fraud-scoring');
  expect(await attempt(() => rmSync(join(damaged, 'postgres', 'PG_VERSION')))).toContain('NL-BAK-002: postgres/PG_V');
  expect(await attempt(() => rmSync(join(damaged, 'manifest.json')))).toContain('NL-BAK-002');
  expect(await attempt(() => appendFileSync(join(damaged, 'manifest.json'), ' x'))).toContain('NL-BAK-002');
  expect(await attempt(() => writeFileSync(join(damaged, 'keys', 'other'), ''))).toContain('NL-BAK-002: keys/other');
  mkdirSync(join(directory, 'occupied'));
  writeFileSync(join(directory, 'occupied', 'mine'), 'stays');
  const occupied = await cli('restore', '--from', backup, '--data', join(directory, 'occupied'));
  expect(occupied.output).toContain('NL-BAK-003');
  expect(readdirSync(join(directory, 'occupied'))).toEqual(['mine']);
}
