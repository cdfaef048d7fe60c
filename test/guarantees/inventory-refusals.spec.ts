import { recordHeaders, topics } from '@nerveline/contracts';
import { openLog } from '@nerveline/log';
import { createTempDirectory, createTestKeys, eventually, stopOwnPostgres } from '@nerveline/testing';
import { openDatabase } from '../../apps/inventory-sync/src/adapters/postgres/database';
import { PostgresStockReader } from '../../apps/inventory-sync/src/adapters/postgres/postgres-stock-reader';
import { CommitProxy } from './inventory-commit-proxy';
import {
  createInventoryDatabase,
  inventoryClient,
  openInventory,
  openInventoryPlatform,
  readTopic,
  RELAY_TABLES,
  reservationOf,
  startApp,
} from './inventory-harness';

afterAll(stopOwnPostgres);

const line = { sku: 'A-17', location_id: 'B1', quantity: 1 };

test('a refusal whose service is killed between the commit and everything else is told in the log, once', async () => {
  await using database = await createInventoryDatabase();
  await using keys = await createTestKeys();
  await using directory = await createTempDirectory();
  await using proxy = await CommitProxy.open(database.url);
  const environment = { NERVELINE_DATA_DIR: directory.path, NERVELINE_JWKS: keys.jwks };
  const token = await keys.token({ subject: 'shop-1' });
  const request = reservationOf([line], { holder: 'cart-lost' });
  {
    await using app = await startApp('inventory-sync', { ...environment, DATABASE_URL: proxy.url });
    const client = inventoryClient(app.address, token);
    const committed = proxy.arm();
    const unheard = client.post('/v1/reservations', request).catch(() => 'never answered');
    await committed;
    app.program.kill('SIGKILL');
    expect(await unheard).toBe('never answered');
    await client.close();
  }

  const direct = { ...environment, DATABASE_URL: database.url, RELAY_TABLES: RELAY_TABLES.join(',') };
  await using _relay = await startApp('cdc-relay', direct);
  await using app = await startApp('inventory-sync', direct);
  const client = inventoryClient(app.address, token);
  // The repeated request gets the kept answer, which is no second refusal; the next one is.
  expect((await client.post('/v1/reservations', request)).body).toMatchObject({ kind: 'refused' });
  await client.reserve(line, { holder: 'cart-next' });
  const log = await openLog({ service: 'test-reader', data_directory: directory.path });
  try {
    const told = await eventually(async () => {
      const found = await readTopic(log, topics.refusals);
      return found.some(({ holder }) => holder === 'cart-next') && found;
    });
    expect(told.map(({ holder }) => holder)).toEqual(['cart-lost', 'cart-next']);
    expect(told[0]).toMatchObject({
      tenant_id: 'demo',
      channel_id: 'web',
      lines: [line],
      refused: [{ sku: 'A-17', location_id: 'B1', reason: 'insufficient_stock', available: 0 }],
    });
    const { start_offset: from } = await log.tail(topics.refusals.name, 0);
    const { records } = await log.read({ topic: topics.refusals.name, partition: 0, from });
    expect(records.map(({ headers }) => headers[recordHeaders.subject])).toEqual(['shop-1', 'shop-1']);
  } finally {
    await log.close();
    await client.close();
  }
}, 90_000);

test('kill -9 among hundreds of refusals: the log tells each that PostgreSQL knows, once', async () => {
  await using platform = await openInventoryPlatform({ environment: { MAX_BATCH_COMMANDS: '8' } });
  const ROUNDS = 3;
  for (let round = 0; round < ROUNDS; round += 1) {
    let answers = 0;
    const asking = Array.from({ length: 200 }, (_, i) =>
      platform
        .client()
        .reserve(line, { holder: `cart-${round}-${i}` })
        .then(
          () => (answers += 1),
          () => 'cut off',
        ),
    );
    await eventually(() => answers >= 50);
    await platform.killAndRestart();
    await Promise.all(asking);
  }
  const refused = await platform.database.query(
    `SELECT count(*)::int AS refusals FROM inventory.idempotency_keys WHERE outcome -> 'answer' ->> 'kind' = 'refused'`,
  );
  const refusals = Number(refused[0]?.['refusals']);
  expect(refusals).toBeGreaterThanOrEqual(ROUNDS * 50);
  await platform.client().reserve(line, { holder: 'the last one' });
  const told = await eventually(async () => {
    const found = await readTopic(platform.log, topics.refusals);
    return found.at(-1)?.holder === 'the last one' && found;
  });
  expect(told).toHaveLength(refusals + 1);
  expect(new Set(told.map(({ holder }) => holder)).size).toBe(refusals + 1);
}, 120_000);

test('a refusal goes with its idempotency key, which may then be used again', async () => {
  await using inventory = await openInventory();
  const { client, database } = inventory;
  const request = reservationOf([line]);
  const refusals = () => database.query('SELECT idempotency_key FROM inventory.reservation_refusals');
  await client.post('/v1/reservations', request);
  expect(await refusals()).toEqual([{ idempotency_key: request.idempotency_key }]);
  const source = await openDatabase({ database_url: database.url, connections: 1 });
  try {
    expect(await new PostgresStockReader(source).forgetOlderThan(0)).toBe(1);
  } finally {
    await source.destroy();
  }
  expect(await refusals()).toEqual([]);
  expect((await client.post('/v1/reservations', { ...request, holder: 'another' })).body).toMatchObject({
    kind: 'refused',
  });
}, 60_000);
