import { stopOwnPostgres } from '@nerveline/testing';
import { brokenPromises, openInventory, reservationOf } from './inventory-harness';

afterAll(stopOwnPostgres);

test('200 buyers race for 10 units: exactly 10 win, and the others hear the truth', async () => {
  await using inventory = await openInventory();
  const { client, database } = inventory;
  expect((await client.receive('A-17', 10)).body).toMatchObject({ on_hand: 10, reserved: 0, entry: 1 });

  const answers = await Promise.all(
    Array.from({ length: 200 }, (_, i) => client.reserve({ sku: 'A-17', quantity: 1 }, { holder: `buyer-${i}` })),
  );

  expect(answers.filter(({ status, body }) => status === 200 && body['kind'] === 'granted')).toHaveLength(10);
  const refused = answers.filter(({ body }) => body['kind'] === 'refused');
  expect(refused).toHaveLength(190);
  for (const { body } of refused) {
    expect(body['lines']).toEqual([{ sku: 'A-17', location_id: 'B1', reason: 'insufficient_stock', available: 0 }]);
  }
  expect(await database.query('SELECT on_hand, reserved FROM inventory.stock_levels')).toEqual([
    { on_hand: 10, reserved: 10 },
  ]);
  expect(await brokenPromises(database)).toEqual([]);
}, 60_000);

test('orders of several lines in any order never wait for each other for ever, and are taken whole or not at all', async () => {
  const skus = ['A', 'B', 'C', 'D'];
  await using inventory = await openInventory({
    skus,
    environment: { STOCK_LANES: '6', DATABASE_CONNECTIONS: '8', MAX_BATCH_COMMANDS: '1' },
  });
  const { client, database } = inventory;
  for (const sku of skus) await client.receive(sku, 30);

  const answers = await Promise.all(
    Array.from({ length: 120 }, (_, i) => {
      const lines = skus.map((_sku, at) => ({
        sku: skus[(i + at * (i % 2 === 0 ? 1 : 3)) % 4],
        location_id: 'B1',
        quantity: 1,
      }));
      return client.post('/v1/reservations', reservationOf(lines.slice(0, 2 + (i % 3)), { holder: `order-${i}` }));
    }),
  );

  expect(answers.map(({ status }) => status).filter((status) => status !== 200)).toEqual([]);
  const [counts] = await database.query(`
    SELECT (SELECT count(*) FROM pg_stat_database WHERE datname = current_database() AND deadlocks > 0)::int AS deadlocks,
           (SELECT count(*) FROM inventory.reservations)::int AS reservations`);
  expect(counts).toEqual({
    deadlocks: 0,
    reservations: answers.filter(({ body }) => body['kind'] === 'granted').length,
  });
  expect(await brokenPromises(database)).toEqual([]);
}, 60_000);
