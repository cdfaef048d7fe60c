import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { recordHeaders, topics, type HeldRecord } from '@nerveline/contracts';
import { readDeadLetters } from '@nerveline/log';
import { eventually, stopOwnPostgres } from '@nerveline/testing';
import { openInventoryPlatform, readTopic } from './inventory-harness';

afterAll(stopOwnPostgres);

type Platform = Awaited<ReturnType<typeof openInventoryPlatform>>;

/** PostgreSQL takes it: a zero-width space is neither a space nor a control character to it. */
const UNREADABLE = `E'S\\u200bx'`;

const lettersOf = (platform: Platform) => readDeadLetters(platform.log, topics.inventoryDeadLetters.name);

const told = (letters: readonly HeldRecord[]) => letters.map(({ topic, failure }) => `${topic} ${failure?.code ?? ''}`);

/** Waits until a row behind all others has reached the channel's view. */
async function goesOn(platform: Platform, sku: string): Promise<void> {
  const { body } = await platform.client().receive(sku, 1);
  await eventually(async () => {
    const views = await readTopic(platform.log, topics.channelStock);
    return views.some((view) => view.sku === sku && view.version === body['entry']);
  });
}

/** A row of the ledger as nobody's code would write it. */
const ledgerRow = (sku: string, entry: number, more: { subject?: string; principal?: string } = {}) =>
  `('demo', ${sku}, ${entry}, 'B1', 'receipt', 1, 0, ${entry}, 0, 'delivery', '${more.subject ?? 'sql'}',
    ${more.principal === undefined ? 'NULL' : `'${more.principal}'`}, 1)`;

const insertLedger = (platform: Platform, rows: readonly string[]) =>
  platform.database.query(`
    INSERT INTO inventory.stock_ledger (tenant_id, sku, entry, location_id, kind, on_hand_delta, reserved_delta,
      on_hand_after, reserved_after, reason, subject, principal, event_ms)
    VALUES ${rows.join(', ')}`);

test('a row that nobody can read is a dead letter with its code and its source position, and the next rows are handled', async () => {
  await using platform = await openInventoryPlatform({ skus: ['A'] });
  const { database, environment } = platform;
  await database.query(`INSERT INTO inventory.products VALUES ('demo', ${UNREADABLE}, 'None', 1, 'EUR')`);
  await database.query(`INSERT INTO inventory.channels VALUES ('demo', ${UNREADABLE}, 'None', NULL)`);
  await insertLedger(platform, [ledgerRow(UNREADABLE, 1)]);
  await database.query(`
    INSERT INTO inventory.idempotency_keys (tenant_id, idempotency_key, request_hash, outcome) VALUES ('demo', 'k-1', '', '{}')`);
  await database.query(`
    INSERT INTO inventory.reservation_refusals (tenant_id, idempotency_key, channel_id, holder, lines, refused, subject,
      event_ms)
    VALUES ('demo', 'k-1', 'web', 'cart-bad', 'no lines', '[]', 'shop-1', 1)`);

  await goesOn(platform, 'A');
  await platform.client().reserve({ sku: 'A', quantity: 1_000 }, { holder: 'cart-good' });
  await eventually(async () => (await readTopic(platform.log, topics.refusals)).length > 0);
  const letters = await eventually(async () => {
    const found = await lettersOf(platform);
    return found.length >= 4 && found;
  });
  expect(told(letters).toSorted()).toEqual([
    'cdc.inventory.channels NL-LOG-011',
    'cdc.inventory.products NL-LOG-011',
    'cdc.inventory.reservation_refusals NL-LOG-011',
    'cdc.inventory.stock_ledger NL-LOG-011',
  ]);
  for (const { headers } of letters) expect(headers[recordHeaders.source_position]).toMatch(/^\d+:\d+:/);
  const refusals = await readTopic(platform.log, topics.refusals);
  expect(refusals.map(({ holder }) => holder)).toEqual(['cart-good']);

  const cli = async (...words: string[]) => {
    const parameters = [resolve('apps/cli/src/main.ts'), 'dlq', ...words];
    const directory = environment['NERVELINE_DATA_DIR'] ?? '';
    return (await promisify(execFile)(process.execPath, [...parameters, '--data', directory])).stdout;
  };
  const list = await cli('list', '--topic', topics.products.name);
  expect(list).toContain('NL-LOG-011');
  expect(list).toContain('inventory-sync.channel-views/cdc.inventory.products/');
  const shown = await cli('show', /inventory-sync\S+products\S+/.exec(list)?.[0] ?? '');
  expect(shown).toContain('S\u200bx');

  // Nothing of it comes again with a new process.
  await platform.killAndRestart();
  await goesOn(platform, 'A');
  expect(await lettersOf(platform)).toHaveLength(4);
}, 120_000);

test('one bad row among hundreds that arrive together is the only one that is held', async () => {
  await using platform = await openInventoryPlatform({ skus: ['A', 'B'] });
  const rows = Array.from({ length: 300 }, (_, i) => ledgerRow(`'A'`, i + 1));
  // One that the schema refuses, and one whose fault shows only when the audit is written.
  rows.splice(100, 0, ledgerRow(UNREADABLE, 1));
  rows.splice(200, 1, ledgerRow(`'A'`, 200, { principal: '{"no":"principal"}' }));
  await insertLedger(platform, rows);
  await goesOn(platform, 'B');
  const audit = await eventually(async () => {
    const entries = (await readTopic(platform.log, topics.inventoryAudit)).map(({ object, after }) => ({
      object,
      entry: (after as { entry: number }).entry,
    }));
    const of_a = entries.filter(({ object }) => object === 'sku A at B1').map(({ entry }) => entry);
    return of_a.at(-1) === 300 && of_a;
  });
  expect(audit).toEqual(Array.from({ length: 300 }, (_, i) => i + 1).filter((entry) => entry !== 200));
  expect(told(await lettersOf(platform))).toEqual([
    'cdc.inventory.stock_ledger NL-LOG-011',
    'cdc.inventory.stock_ledger NL-LOG-011',
  ]);
  const views = (await readTopic(platform.log, topics.channelStock)).filter(({ sku }) => sku === 'A');
  expect(views.at(-1)).toMatchObject({ available: 300, version: 300 });
}, 120_000);

test('who may only read the dead letters may not send them again; sending again is in the audit', async () => {
  await using platform = await openInventoryPlatform({ skus: ['A'] });
  await platform.database.query(`INSERT INTO inventory.products VALUES ('demo', ${UNREADABLE}, 'None', 1, 'EUR')`);
  await eventually(async () => (await lettersOf(platform)).length === 1);
  const reader = await platform.keys.token({ scopes: ['ops:read'] });
  const post = (what: string, token?: string) => platform.client().post(`/v1/dead-letters/${what}`, {}, token);
  expect(await post('list', reader)).toMatchObject({ status: 200, body: { dead_letters: [{ attempts: 1 }] } });
  expect((await post('redrive', reader)).status).toBe(403);
  expect((await post('list', await platform.keys.token({ scopes: ['stock:read'] }))).status).toBe(403);
  expect((await post('redrive')).status).toBe(200);
  // It is as bad as before, and comes back with its first position.
  await eventually(async () => (await lettersOf(platform)).length === 1);
  expect(await readTopic(platform.log, topics.inventoryAudit)).toMatchObject([
    { action: 'dlq.redrive', principal: { subject: 'shop-1' } },
  ]);
  await goesOn(platform, 'A');
}, 60_000);
