import { idempotencyKey, locationId, sku, type CommandRequest } from '@nerveline/contracts';
import { PushClient } from '@nerveline/push';
import { createTestKeys } from '@nerveline/testing';
import { CommitProxy } from './inventory-commit-proxy';
import { brokenPromises, createInventoryDatabase, startApp } from './inventory-harness';
import type { OpenLogPlace } from './log-place';

const KEY = idempotencyKey.parse('delivery-4711');
const request: CommandRequest<'stock.move'> = {
  idempotency_key: KEY,
  kind: 'receipt',
  sku: sku.parse('A-17'),
  location_id: locationId.parse('B1'),
  quantity: 5,
  reason: 'delivery',
};
const command = { name: 'stock.move', idempotency_key: KEY, request } as const;
const done = { ok: true, value: { sku: 'A-17', location_id: 'B1', on_hand: 5, reserved: 0, entry: 1 } };

/** PostgreSQL behind a proxy that can lose the word of a commit, and what the programs are started with. */
async function openStage(openPlace: OpenLogPlace) {
  const database = await createInventoryDatabase();
  const keys = await createTestKeys();
  const place = await openPlace();
  const proxy = await CommitProxy.open(database.url);
  const token = await keys.token({ scopes: ['stock:write'] });
  const environment = { ...place.environment, NERVELINE_JWKS: keys.jwks };
  return {
    ...{ database, proxy, environment },
    // For as long as a service needs to come back on a busy machine.
    connect: async (url: string) => {
      const client = await PushClient.connect({ url, token, timeout_ms: 60_000 });
      return { client, [Symbol.dispose]: () => client.close() };
    },
    [Symbol.asyncDispose]: async () => {
      await proxy[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
      await keys[Symbol.asyncDispose]();
      await place[Symbol.asyncDispose]();
    },
  };
}

/** A page's command takes effect once, whoever is killed between effect and answer. */
export function describeCommandsOnce(title: string, openPlace: OpenLogPlace): void {
  describe(`a command${title}`, () => {
    test('whose service is killed between effect and answer is answered by the next one, and took effect once', async () => {
      await using stage = await openStage(openPlace);
      const { database, proxy, environment } = stage;
      await using gateway = await startApp('live-gateway', { ...environment, COMMAND_DEADLINE_MS: '50000' });
      using page = await stage.connect(gateway.address);
      await using first = await startApp('inventory-sync', { ...environment, DATABASE_URL: proxy.url });
      const committed = proxy.arm();
      const answering = page.client.command(command);
      await committed;
      first.program.kill('SIGKILL');
      await first.program.ended;
      expect(await database.query('SELECT entry FROM inventory.stock_ledger')).toHaveLength(1);
      await using _next = await startApp('inventory-sync', { ...environment, DATABASE_URL: database.url });
      expect(await answering).toEqual(done);
      expect(await database.query('SELECT entry FROM inventory.stock_ledger')).toHaveLength(1);
      expect(await brokenPromises(database)).toEqual([]);
    }, 120_000);

    test('whose gateway is killed before the answer is sent again through the next one, and took effect once', async () => {
      await using stage = await openStage(openPlace);
      const { database, proxy, environment } = stage;
      await using _inventory = await startApp('inventory-sync', { ...environment, DATABASE_URL: proxy.url });
      await using gateway = await startApp('live-gateway', environment);
      using page = await stage.connect(gateway.address);
      const committed = proxy.arm();
      const unheard = page.client.command(command).catch(() => 'never answered');
      await committed;
      gateway.program.kill('SIGKILL');
      await gateway.program.ended;
      page.client.close();
      expect(await unheard).toBe('never answered');
      await using next = await startApp('live-gateway', environment);
      using again = await stage.connect(next.address);
      expect(await again.client.command(command)).toEqual(done);
      expect(await database.query('SELECT entry FROM inventory.stock_ledger')).toHaveLength(1);
      expect(await brokenPromises(database)).toEqual([]);
    }, 120_000);
  });
}
