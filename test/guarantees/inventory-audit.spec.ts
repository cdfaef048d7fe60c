import { recordHeaders, topics, type AuditEntry } from '@nerveline/contracts';
import { offset } from '@nerveline/kernel';
import { eventually, stopOwnPostgres, type TestDatabase } from '@nerveline/testing';
import { openInventoryPlatform, readTopic } from './inventory-harness';

afterAll(stopOwnPostgres);

type Platform = Awaited<ReturnType<typeof openInventoryPlatform>>;

/** What the ledger says that was done, as the audit has to tell it: by SKU, in the order of its entries. */
const doneBySku = async (database: TestDatabase): Promise<Record<string, unknown[]>> => {
  const rows = await database.query(`
    SELECT sku, json_agg(json_build_object(
      'action', 'stock.' || kind, 'object', 'sku ' || sku || ' at ' || location_id, 'by', subject,
      'before', json_build_object('on_hand', on_hand_after - on_hand_delta, 'reserved', reserved_after - reserved_delta),
      'after', json_build_object('on_hand', on_hand_after, 'reserved', reserved_after, 'entry', entry, 'reason', reason,
        'reservation_id', reservation_id, 'channel_id', channel_id)) ORDER BY entry) AS acts
    FROM inventory.stock_ledger GROUP BY sku`);
  return Object.fromEntries(rows.map(({ sku, acts }) => [String(sku), acts as unknown[]]));
};

function auditedBySku(audit: readonly AuditEntry[]): Record<string, unknown[]> {
  const by_sku: Record<string, unknown[]> = {};
  for (const { action, object, principal, before, after } of audit) {
    const sku = object.split(' ')[1] ?? '';
    (by_sku[sku] ??= []).push({ action, object, by: principal.subject, before, after });
  }
  return by_sku;
}

/** The audit when it has as many entries as the ledger has rows, and one more that ends it. */
async function auditOf({ client, database, log }: Platform): Promise<readonly AuditEntry[]> {
  await client().receive('Z', 1);
  const [rows] = await database.query('SELECT count(*)::int AS count FROM inventory.stock_ledger');
  return eventually(
    async () => {
      const audit = await readTopic(log, topics.inventoryAudit);
      return audit.length >= Number(rows?.['count']) && audit;
    },
    { within_ms: 30_000, what: 'an audit entry for each row of the ledger' },
  );
}

const path = (reservation_id: unknown, verb: string) => `/v1/reservations/${String(reservation_id)}/${verb}`;

test('who held, sold, gave back and let expire what is in the audit, with the whole principal, before and after', async () => {
  await using platform = await openInventoryPlatform({ skus: ['A', 'Z'] });
  const client = platform.client();
  await client.receive('A', 9);
  const hold = async (quantity: number, more?: object) =>
    (await client.reserve({ sku: 'A', quantity }, more)).body['reservation_id'];
  const [sold, back] = [await hold(2), await hold(3)];
  await client.post(path(sold, 'commit'));
  await client.post(path(back, 'release'));
  const late = await hold(4, { ttl_ms: 1_000 });
  await eventually(async () => {
    const [row] = await platform.database.query('SELECT status FROM inventory.reservations WHERE reservation_id = $1', [
      late,
    ]);
    return row?.['status'] === 'expired';
  });
  // Asked again and refused: neither changes anything.
  await client.post(path(sold, 'commit'));
  await client.reserve({ sku: 'A', quantity: 100 });

  const audit = (await auditOf(platform)).filter(({ object }) => object === 'sku A at B1');
  const level = (on_hand: number, reserved: number) => ({ on_hand, reserved });
  const about = (reservation_id: unknown) => ({ reservation_id, channel_id: 'web' });
  expect(audit).toMatchObject([
    { action: 'stock.receipt', before: level(0, 0), after: level(9, 0) },
    { action: 'stock.reserve', before: level(9, 0), after: { ...level(9, 2), ...about(sold), entry: 2 } },
    { action: 'stock.reserve', before: level(9, 2), after: { ...level(9, 5), ...about(back) } },
    { action: 'stock.commit', before: level(9, 5), after: { ...level(7, 3), ...about(sold) } },
    { action: 'stock.release', before: level(7, 3), after: { ...level(7, 0), ...about(back) } },
    { action: 'stock.reserve', before: level(7, 0), after: { ...level(7, 4), ...about(late) } },
    { action: 'stock.expire', before: level(7, 4), after: { ...level(7, 0), ...about(late) } },
  ]);
  const shop = audit.slice(0, -1).map(({ principal }) => principal);
  for (const who of shop) expect(who).toEqual(shop[0]);
  expect(shop[0]).toMatchObject({ tenant_id: 'demo', subject: 'shop-1' });
  expect(shop[0]?.scopes).toContain('stock:reserve');
  expect(audit.at(-1)?.principal).toEqual({
    tenant_id: 'demo',
    subject: 'inventory-sync',
    roles: ['service'],
    scopes: [],
  });
}, 90_000);

test('kill -9 in the middle of holds and sales: the audit has each row of the ledger once, in its order', async () => {
  const skus = ['A', 'B', 'C', 'Z'];
  await using platform = await openInventoryPlatform({ skus, environment: { MAX_BATCH_COMMANDS: '8' } });
  for (const sku of skus) await platform.client().receive(sku, 10_000);
  for (let round = 0; round < 3; round += 1) {
    let held = 0;
    const work = Array.from({ length: 120 }, async (_, i) => {
      const { body } = await platform.client().reserve({ sku: skus[i % 3] ?? 'A', quantity: 1 + (i % 3) });
      held += 1;
      await platform.client().post(path(body['reservation_id'], i % 2 === 0 ? 'commit' : 'release'));
    });
    const settled = Promise.allSettled(work);
    await eventually(() => held >= 60);
    await platform.killAndRestart();
    await settled;
  }
  const audit = await auditOf(platform);
  const done = await doneBySku(platform.database);
  expect(Object.values(done).flat().length).toBeGreaterThanOrEqual(3 * 60);
  expect(auditedBySku(audit)).toEqual(done);
}, 120_000);

test('a row of before the whole principal was written is audited with what it says of who it was', async () => {
  await using platform = await openInventoryPlatform({ skus: ['A', 'Z'] });
  await platform.database.query(`
    INSERT INTO inventory.stock_ledger (tenant_id, sku, entry, location_id, kind, on_hand_delta, reserved_delta,
      on_hand_after, reserved_after, reservation_id, subject, event_ms)
    VALUES ('demo', 'A', 1, 'B1', 'reserve', 0, 1, 5, 1, 'r-1', 'shop-of-old', 1)`);
  const audit = await eventually(async () => {
    const found = await readTopic(platform.log, topics.inventoryAudit);
    return found.length > 0 && found;
  });
  expect(audit).toMatchObject([
    {
      principal: { tenant_id: 'demo', subject: 'shop-of-old', roles: [], scopes: [] },
      action: 'stock.reserve',
      before: { on_hand: 5, reserved: 0 },
      after: { on_hand: 5, reserved: 1 },
    },
  ]);
  const { records } = await platform.log.read({ topic: topics.inventoryAudit.name, partition: 0, from: offset(0) });
  expect(records[0]?.headers[recordHeaders.source_position]).toMatch(/:/);
}, 60_000);
