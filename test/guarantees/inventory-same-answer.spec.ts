import { createTempDirectory, createTestKeys, stopOwnPostgres } from '@nerveline/testing';
import { CommitProxy } from './inventory-commit-proxy';
import {
  brokenPromises,
  createInventoryDatabase,
  inventoryClient,
  openInventory,
  reservationOf,
  startApp,
} from './inventory-harness';

afterAll(stopOwnPostgres);

test('a service that is killed between the commit and the answer gives the answer of that commit to the repeated request', async () => {
  await using database = await createInventoryDatabase();
  await using keys = await createTestKeys();
  await using directory = await createTempDirectory();
  await using proxy = await CommitProxy.open(database.url);
  const environment = { NERVELINE_DATA_DIR: directory.path, NERVELINE_JWKS: keys.jwks };
  const token = await keys.token();
  const request = reservationOf([{ sku: 'A-17', location_id: 'B1', quantity: 3 }]);
  {
    await using app = await startApp('inventory-sync', { ...environment, DATABASE_URL: proxy.url });
    const client = inventoryClient(app.address, token);
    await client.receive('A-17', 5);
    const committed = proxy.arm();
    const unheard = client.post('/v1/reservations', request).catch(() => 'never answered');
    await committed;
    app.program.kill('SIGKILL');
    expect(await unheard).toBe('never answered');
    await client.close();
  }
  const [made] = await database.query('SELECT reservation_id FROM inventory.reservations');
  expect(made).toBeDefined();

  await using app = await startApp('inventory-sync', { ...environment, DATABASE_URL: database.url });
  const client = inventoryClient(app.address, token);
  const repeated = await client.post('/v1/reservations', request);
  expect(repeated.body).toMatchObject({ kind: 'granted', reservation_id: made?.['reservation_id'] });
  expect(await client.post('/v1/reservations', { ...request, holder: 'somebody else' })).toMatchObject({
    status: 409,
    body: { error: { code: 'NL-API-007' } },
  });
  expect(await database.query('SELECT on_hand, reserved FROM inventory.stock_levels')).toEqual([
    { on_hand: 5, reserved: 3 },
  ]);
  expect(await brokenPromises(database)).toEqual([]);
  await client.close();
}, 90_000);

test('connections that break in the middle of everything cost nobody an answer, and nobody a unit', async () => {
  await using inventory = await openInventory();
  const { client, database } = inventory;
  await client.receive('A-17', 100);
  const asking = Array.from({ length: 120 }, (_, i) =>
    client.reserve({ sku: 'A-17', quantity: 1 }, { idempotency_key: `buyer-${i}`, holder: `buyer-${i}` }),
  );
  for (let i = 0; i < 3; i += 1) {
    await database.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE application_name = 'inventory-sync' AND datname = current_database()`);
  }
  const first = await Promise.all(asking);
  const again = await Promise.all(
    first.map((_, i) =>
      client.reserve({ sku: 'A-17', quantity: 1 }, { idempotency_key: `buyer-${i}`, holder: `buyer-${i}` }),
    ),
  );
  first.forEach(({ status, body }, i) => {
    if (status === 200) expect(again[i]?.body).toEqual(body);
    else expect(body).toMatchObject({ error: { retriable: true } });
  });
  expect(again.filter(({ body }) => body['kind'] === 'granted')).toHaveLength(100);
  expect(await brokenPromises(database)).toEqual([]);
}, 90_000);
