import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import { topics } from '@nerveline/contracts';
import { readDeadLetters, type Log } from '@nerveline/log';
import { createTestKeys, eventually, startProgram, type TestDatabase } from '@nerveline/testing';
import { CommitProxy } from './inventory-commit-proxy';
import {
  brokenPromises,
  createInventoryDatabase,
  inventoryClient,
  readTopic,
  RELAY_TABLES,
  startApp,
  type InventoryClient,
} from './inventory-harness';
import type { OpenLogPlace } from './log-place';

const GROUP = 'inventory-sync.payment-decisions';

/** PostgreSQL, relay, fraud scoring and inventory, each a process of its own; the last behind a proxy that can lose a commit. */
async function openStage(openPlace: OpenLogPlace) {
  const database = await createInventoryDatabase();
  const keys = await createTestKeys();
  const place = await openPlace();
  const proxy = await CommitProxy.open(database.url);
  const environment = {
    ...place.environment,
    NERVELINE_JWKS: keys.jwks,
    DATABASE_URL: database.url,
    RELAY_TABLES: [...RELAY_TABLES, 'fraud.block_list', 'fraud.card_profiles'].join(','),
  };
  const migrating = startProgram(resolve('apps/fraud-scoring/src/migrate.ts'), [], { environment });
  if ((await migrating.ended) !== 0) throw new Error('the migrations failed');
  const token = await keys.token({ subject: 'shop-1' });
  const programs = await Promise.all([startApp('cdc-relay', environment), startApp('fraud-scoring', environment)]);
  const [, fraud] = programs;
  const log = await place.open('test-reader');
  return {
    ...{ database, log, proxy },
    startInventory: async (database_url: string) => {
      const app = await startApp('inventory-sync', { ...environment, DATABASE_URL: database_url });
      return { app, client: inventoryClient(app.address, token) };
    },
    /** Asks for a decision; `much` is more than three times what any card may pay. */
    pay: async (reservation_id: string, much: boolean) => {
      const id = randomUUID();
      const response = await fetch(`${fraud?.address}/v1/payments/decisions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
        body: JSON.stringify({
          ...{ payment_id: id, idempotency_key: id, card: `card-${id}`, merchant_id: 'M-1', reservation_id },
          ...{ amount_minor: much ? 90_000 : 100, currency: 'EUR', event_ms: Date.now() },
        }),
      });
      const { verdict } = (await response.json()) as { verdict: string };
      expect(verdict).toBe(much ? 'block' : 'allow');
      return id;
    },
    [Symbol.asyncDispose]: async () => {
      await log.close();
      for (const program of programs) await program[Symbol.asyncDispose]();
      for (const resource of [proxy, database, keys, place]) await resource[Symbol.asyncDispose]();
    },
  };
}

/** Where the decision about a payment stands. */
async function positionOf(log: Log, payment_id: string): Promise<string> {
  for (let partition = 0; partition < topics.decisions.partitions; partition += 1) {
    const { start_offset: from } = await log.tail(topics.decisions.name, partition);
    const { records } = await log.read({ topic: topics.decisions.name, partition, from });
    const found = records.find(({ value }) => Buffer.from(value ?? []).includes(payment_id));
    if (found !== undefined) return `${partition}/${found.offset}`;
  }
  throw new Error('it was not decided');
}

/** Resolves when inventory has settled every decision that is in the log now. */
async function settled(log: Log): Promise<void> {
  await eventually(
    async () => {
      const positions = (await log.positions(GROUP)).filter(({ topic }) => topic === topics.decisions.name);
      const done = new Map(positions.map(({ partition, next_offset }) => [partition, next_offset]));
      for (let partition = 0; partition < topics.decisions.partitions; partition += 1) {
        const { next_offset, start_offset } = await log.tail(topics.decisions.name, partition);
        if (next_offset > start_offset && done.get(partition) !== next_offset) return false;
      }
      return true;
    },
    { within_ms: 30_000, what: 'the position of inventory behind all decisions' },
  );
}

async function hold(client: InventoryClient): Promise<string> {
  return String((await client.reserve({ sku: 'A-17', quantity: 1 })).body['reservation_id']);
}

async function statusOf(database: TestDatabase, reservation_id: string): Promise<unknown> {
  const [row] = await database.query('SELECT status FROM inventory.reservations WHERE reservation_id = $1', [
    reservation_id,
  ]);
  return row?.['status'];
}

/** What fraud scoring blocks, inventory gives back. */
export function describeBlockedPayments(title: string, openPlace: OpenLogPlace): void {
  describe(`a blocked payment${title}`, () => {
    test('gives back the hold that it pays for: once, through kill -9 between effect and position, and with the decision as its cause', async () => {
      await using stage = await openStage(openPlace);
      const { database, log, proxy } = stage;
      const first = await stage.startInventory(proxy.url);
      await using _first = first.app;
      await first.client.receive('A-17', 10);
      const [blocked, allowed, sold, given_back] = [
        await hold(first.client),
        await hold(first.client),
        await hold(first.client),
        await hold(first.client),
      ];
      await first.client.post(`/v1/reservations/${sold}/commit`);
      await first.client.post(`/v1/reservations/${given_back}/release`);
      await stage.pay(allowed, false);
      for (const left_alone of [sold, given_back, 'never held']) await stage.pay(left_alone, true);
      await settled(log);
      const ledger = () =>
        database.query('SELECT kind, reservation_id, reason FROM inventory.stock_ledger ORDER BY entry');
      const before = await ledger();
      expect(before.map(({ kind }) => kind)).toEqual([
        ...['receipt', 'reserve', 'reserve', 'reserve', 'reserve', 'commit', 'release'],
      ]);

      const committed = proxy.arm();
      const payment_id = await stage.pay(blocked, true);
      await committed;
      first.app.program.kill('SIGKILL');
      await first.app.program.ended;
      await first.client.close();
      expect(await statusOf(database, blocked)).toBe('released');
      const tail = await log.positions(GROUP);

      const next = await stage.startInventory(database.url);
      await using _next = next.app;
      await settled(log);
      // It came again: the position had not passed it when the process was killed.
      expect(await log.positions(GROUP)).not.toEqual(tail);
      const reason = `blocked payment ${payment_id}: fraud.decisions ${await positionOf(log, payment_id)}`;
      expect(await ledger()).toEqual([...before, { kind: 'release', reservation_id: blocked, reason }]);
      expect(await statusOf(database, allowed)).toBe('held');
      expect(await statusOf(database, sold)).toBe('committed');
      expect(await brokenPromises(database)).toEqual([]);
      expect(await readDeadLetters(log, topics.inventoryDeadLetters.name)).toEqual([]);

      const audited = await eventually(async () => {
        const entries = await readTopic(log, topics.inventoryAudit);
        return entries.find(({ after }) => (after as { reason?: unknown }).reason === reason);
      });
      expect(audited).toMatchObject({
        principal: { tenant_id: 'demo', subject: 'fraud-scoring', roles: ['service'] },
        action: 'stock.release',
        object: 'sku A-17 at B1',
        before: { reserved: 2 },
        after: { reserved: 1, reservation_id: blocked },
      });
      await next.client.close();
    }, 180_000);
  });
}
