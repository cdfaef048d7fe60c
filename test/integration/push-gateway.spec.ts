import type { FlowStatus, PushItem } from '@nerveline/contracts';
import { eventually } from '@nerveline/testing';
import { openGatewayHarness } from './push-gateway-harness';
import { appendNumbered, refusalRecord } from './push-harness';

const ignore = { onItems: () => undefined };

test('a client gets facts through the whole gateway', async () => {
  await using gateway = await openGatewayHarness();
  await appendNumbered(gateway.inventory, refusalRecord, { from: 0, to: 10 });
  const client = await gateway.connect();
  const items: PushItem[] = [];
  await client.subscribe('stock.refusals', { onItems: (fresh) => void items.push(...fresh) });
  await appendNumbered(gateway.inventory, refusalRecord, { from: 10, to: 20 });
  await eventually(() => items.length === 20);
});

test.each([
  ['no token', ''],
  ['a token that nobody signed', 'e30.e30.e30'],
  ['a token of 9,000 characters', 'x'.repeat(9_000)],
])('%s is refused in the handshake with a code', async (_name, token) => {
  await using gateway = await openGatewayHarness();
  await expect(gateway.connect({}, { token })).rejects.toMatchObject({ code: 'NL-API-004' });
});

test('the session ends when the token does, with a word', async () => {
  await using gateway = await openGatewayHarness();
  const words: string[] = [];
  const client = await gateway.connect({ expires_in: '2s' }, { onDropped: ({ reason }) => void words.push(reason) });
  expect(client.connected).toBe(true);
  await eventually(() => words.length > 0);
  expect(words[0]).toContain('NL-API-004');
  await eventually(() => !client.connected);
});

test('a stream, a command and a trace each demand their own scope', async () => {
  await using gateway = await openGatewayHarness();
  const client = await gateway.connect({ scopes: ['stock:read'] });
  await expect(client.subscribe('fraud.decisions', ignore)).rejects.toMatchObject({ code: 'NL-API-005' });
  await client.subscribe('stock.refusals', ignore);
  const trace = await client.trace({ topic: 'inventory.refusals', partition: 0, offset: 0 });
  expect(trace).toMatchObject({ ok: false, code: 'NL-API-005' });
});

test('the flow comes once a second to those who may see it, and to nobody else', async () => {
  await using gateway = await openGatewayHarness();
  const seen: FlowStatus[] = [];
  const unseen: FlowStatus[] = [];
  await gateway.connect({ scopes: ['stock:read'] }, { onFlow: (status) => void unseen.push(status) });
  await gateway.connect({}, { onFlow: (status) => void seen.push(status) });
  await appendNumbered(gateway.inventory, refusalRecord, { from: 0, to: 50 });
  await eventually(() =>
    seen.some(({ topics }) => topics.some((t) => t.topic === 'inventory.refusals' && t.rate_per_s > 0)),
  );
  const status = seen.at(-1);
  expect(status?.stages.map(({ id }) => id)).toEqual([
    'source',
    'cdc-relay',
    'log',
    'fraud-scoring',
    'inventory-sync',
    'gps-rerouting',
    'clients',
  ]);
  expect(status?.clients).toBe(2);
  expect(unseen).toEqual([]);
});

test('the life of an event is told, and another tenant learns nothing of it', async () => {
  await using gateway = await openGatewayHarness();
  const headers = { source_position: '7:1:0/1A2B3C:0', committed_ms: String(Date.now() - 5) };
  await gateway.inventory.append([
    { ...refusalRecord(1), headers },
    { ...refusalRecord(2), headers },
  ]);
  const client = await gateway.connect();
  const place = { topic: 'inventory.refusals', partition: 0, offset: 1 };
  const life = await client.trace(place);
  expect(life).toMatchObject({
    ok: true,
    value: { source_position: '7:1:0/1A2B3C:0', key: 'demo/web', steps: [{ step: 'committed' }, { step: 'handled' }] },
  });
  const stranger = await gateway.connect({ tenant_id: 'other' });
  expect(await stranger.trace(place)).toMatchObject({ ok: false, code: 'NL-API-006' });
  expect(await client.trace({ ...place, offset: 99 })).toMatchObject({ ok: false, code: 'NL-API-006' });
  expect(await client.trace({ ...place, topic: 'nowhere' })).toMatchObject({ ok: false, code: 'NL-API-006' });
});

test('the pages are one document, hashed files are kept for good, and the policy is strict', async () => {
  await using gateway = await openGatewayHarness();
  for (const path of ['/', '/flow', '/fraud', '/stock', '/fleet', '/fraud/d-17']) {
    const page = await gateway.get(path);
    expect([path, page.status, await page.text()]).toEqual([path, 200, '<!doctype html><title>Nerveline</title>']);
    expect(page.headers.get('cache-control')).toBe('no-cache');
    expect(page.headers.get('content-security-policy')).toContain("script-src 'self';");
    expect(page.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(page.headers.get('x-content-type-options')).toBe('nosniff');
  }
  const asset = await gateway.get('/assets/index-a1b2c3.js');
  expect(asset.status).toBe(200);
  expect(asset.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
  expect((await gateway.get('/mark.svg')).headers.get('content-type')).toContain('image/svg+xml');
  for (const path of [
    '/assets/nothing.js',
    '/nothing.svg',
    '/nowhere',
    '/assets/..%2findex.html',
    '/assets/%2e%2e/operator.token',
  ]) {
    expect([path, (await gateway.get(path)).status]).toEqual([path, 404]);
  }
});

test('clients are told that the gateway stops, and it stops within a second', async () => {
  await using gateway = await openGatewayHarness();
  const notices: object[] = [];
  const client = await gateway.connect({}, { onDraining: (notice) => void notices.push(notice) });
  await client.subscribe('stock.refusals', ignore);
  const begun_ms = performance.now();
  await gateway.stop();
  expect(performance.now() - begun_ms).toBeLessThan(1_000);
  await eventually(() => notices.length === 1);
});
