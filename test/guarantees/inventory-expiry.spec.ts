import { topics } from '@nerveline/contracts';
import { tenantKey } from '@nerveline/kernel';
import { openLog } from '@nerveline/log';
import { eventually, stopOwnPostgres } from '@nerveline/testing';
import { Client } from 'pg';
import { brokenPromises, openInventory } from './inventory-harness';

afterAll(stopOwnPostgres);

type Inventory = Awaited<ReturnType<typeof openInventory>>;

const reservedUnits = async ({ database }: Inventory): Promise<number> =>
  Number((await database.query('SELECT reserved FROM inventory.stock_levels'))[0]?.['reserved']);

test('units that were held too long are sold to the next one, and never to the first', async () => {
  await using inventory = await openInventory();
  const { client } = inventory;
  await client.receive('A-17', 1);
  const { body } = await client.reserve({ sku: 'A-17', quantity: 1 }, { ttl_ms: 1_000 });
  expect((await client.reserve({ sku: 'A-17', quantity: 1 })).body).toMatchObject({ kind: 'refused' });

  await eventually(async () => (await reservedUnits(inventory)) === 0);
  const late_ms = Date.now() - Number(body['expires_at_ms']);
  expect(late_ms).toBeGreaterThanOrEqual(0);
  expect(late_ms).toBeLessThan(1_000);

  expect((await client.reserve({ sku: 'A-17', quantity: 1 })).body).toMatchObject({ kind: 'granted' });
  const path = `/v1/reservations/${String(body['reservation_id'])}`;
  expect(await client.post(`${path}/commit`)).toMatchObject({ status: 409, body: { error: { code: 'NL-INV-005' } } });
  expect((await client.post(`${path}/release`)).body).toMatchObject({ status: 'expired' });
  expect(await brokenPromises(inventory.database)).toEqual([]);
}, 60_000);

/** A connection that stays, so that a look at the database costs a millisecond, and a lock lasts. */
async function connect({ database }: Inventory): Promise<Client & AsyncDisposable> {
  const client = new Client({ connectionString: database.url });
  await client.connect();
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.end() });
}

/** How long after its deadline each of so many holds was first seen to be free, by the database's clock. */
async function latenessMs(sql: Client, holds: number): Promise<number[]> {
  const late_ms = new Map<string, number>();
  await eventually(async () => {
    const { rows } = await sql.query<{ id: string; late_ms: string }>(`
      SELECT reservation_id AS id, extract(epoch FROM clock_timestamp()) * 1000 - expires_at_ms AS late_ms
      FROM inventory.reservations WHERE status = 'expired'`);
    for (const row of rows) if (!late_ms.has(row.id)) late_ms.set(row.id, Number(row.late_ms));
    return late_ms.size === holds;
  });
  return [...late_ms.values()];
}

const MOST_LATE_MS = 250;

test('a hold is free 250 ms after its deadline at the latest, in whatever order deadlines appear', async () => {
  await using inventory = await openInventory();
  const { client } = inventory;
  await client.receive('A-17', 20);
  await using sql = await connect(inventory);
  // Later deadlines first: each of those that follow has to wake it earlier.
  const ttls_ms = [3_000, 2_500, 2_000, 2_000, 2_000, 1_500, 1_200, 1_000, 1_700, 2_200, 2_800];
  await Promise.all(ttls_ms.map((ttl_ms) => client.reserve({ sku: 'A-17', quantity: 1 }, { ttl_ms })));
  const late_ms = await latenessMs(sql, ttls_ms.length);
  expect(Math.min(...late_ms)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...late_ms)).toBeLessThanOrEqual(MOST_LATE_MS);
}, 60_000);

test('a connection that breaks in the middle of the expiry does not cost a hold more than that', async () => {
  await using inventory = await openInventory();
  await inventory.client.receive('A-17', 1);
  await using sql = await connect(inventory);
  await inventory.client.reserve({ sku: 'A-17', quantity: 1 }, { ttl_ms: 1_000 });
  // The expiry waits for this lock when its connection is ended.
  await sql.query(`BEGIN; SELECT FROM inventory.ledger_heads WHERE sku = 'A-17' FOR UPDATE`);
  await eventually(async () => {
    const { rowCount } = await sql.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE application_name = 'inventory-sync' AND datname = current_database() AND wait_event_type = 'Lock'`);
    return rowCount === 1;
  });
  await sql.query('ROLLBACK');
  const [late_ms] = await latenessMs(sql, 1);
  expect(late_ms).toBeLessThanOrEqual(MOST_LATE_MS);
}, 60_000);

test('holds that ended while the service was down are freed when it is back', async () => {
  await using inventory = await openInventory();
  await inventory.client.receive('A-17', 1);
  await inventory.client.reserve({ sku: 'A-17', quantity: 1 }, { ttl_ms: 1_000 });
  await inventory.service().stop();
  expect(await reservedUnits(inventory)).toBe(1);
  const client = await inventory.restart();
  await eventually(async () => (await reservedUnits(inventory)) === 0);
  await client.close();
}, 60_000);

test('a source that plays the year 2010 at 20,000 times its speed has its holds end by its own clock', async () => {
  await using inventory = await openInventory();
  const { client, data_directory } = inventory;
  await client.receive('A-17', 1);
  const event_ms = Date.UTC(2010, 11, 1, 8, 26);
  await declareClock(data_directory, { event_ms, wall_ms: Date.now(), speed: 20_000 });
  await eventually(async () => {
    const { body } = await client.get('/health/ready');
    const { event_clocks } = body['facts'] as { event_clocks: Record<string, { speed: number }> };
    return event_clocks['demo']?.speed === 20_000;
  });

  // The event is a day late: it is held for its whole time all the same.
  const DAY_MS = 86_400_000;
  const { body } = await client.reserve({ sku: 'A-17', quantity: 1 }, { event_ms: event_ms - DAY_MS, ttl_ms: DAY_MS });
  expect(body).toMatchObject({ kind: 'granted' });
  const expires_at_ms = Number(body['expires_at_ms']);
  expect(expires_at_ms).toBeGreaterThanOrEqual(event_ms + DAY_MS);
  await eventually(async () => (await reservedUnits(inventory)) === 0);
  const [expired] = await inventory.database.query(`SELECT event_ms FROM inventory.stock_ledger WHERE kind = 'expire'`);
  expect(Number(expired?.['event_ms'])).toBeGreaterThanOrEqual(expires_at_ms);
  expect(await client.reserve({ sku: 'A-17', quantity: 1 }, { event_ms: Date.now() })).toMatchObject({
    status: 400,
    body: { error: { code: 'NL-INV-011', field: 'event_ms' } },
  });
}, 60_000);

/** As the relay does when the source writes its row into platform.event_clock. */
async function declareClock(
  data_directory: string,
  setting: { event_ms: number; wall_ms: number; speed: number },
): Promise<void> {
  const row = { tenant_id: 'demo', source: 'stock', ...setting };
  const source = {
    schema: 'platform',
    table: 'event_clock',
    ts_ms: Date.now(),
    snapshot: 'false',
    position: '1:1:0/1:0',
  };
  const change = { op: 'c', before: null, after: row, source, ts_ms: Date.now(), transaction: null };
  const log = await openLog({ service: 'cdc-relay', data_directory });
  try {
    await log.append([
      {
        topic: topics.eventClock.name,
        key: tenantKey('demo', 'stock'),
        value: Buffer.from(JSON.stringify(change)),
        timestamp_ms: Date.now(),
      },
    ]);
  } finally {
    await log.close();
  }
}
