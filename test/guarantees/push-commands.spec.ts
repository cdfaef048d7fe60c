import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { auditEntry, idempotencyKey, locationId, sku, type CommandRequest } from '@nerveline/contracts';
import { eventually } from '@nerveline/testing';
import { openLog } from '@nerveline/log';
import { openGatewayHarness, type GatewayHarness } from '../integration/push-gateway-harness';

interface Taken {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
}

/** An owner at the address of its lease, that answers as it is told and keeps what it was asked. */
async function openOwner(answer: { status: number; body: unknown; after_ms?: number }) {
  const taken: Taken[] = [];
  const server = createServer((request, response) => {
    // The gateway looks after its health, too.
    if (request.method !== 'POST') return void response.writeHead(404).end();
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      taken.push({ path: request.url ?? '', headers: request.headers, body: JSON.parse(text) });
      setTimeout(() => {
        response.writeHead(answer.status, { 'content-type': 'application/json' });
        response.end(JSON.stringify(answer.body));
      }, answer.after_ms ?? 0).unref();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    taken,
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const KEY = idempotencyKey.parse('count-2026-11-22-A17');
const move: CommandRequest<'stock.move'> = {
  idempotency_key: KEY,
  kind: 'adjustment',
  sku: sku.parse('A-17'),
  location_id: locationId.parse('B1'),
  quantity: -2,
  reason: 'counted',
};
const envelope = { name: 'stock.move', idempotency_key: KEY, request: move } as const;
const done = { answer: { sku: 'A-17', location_id: 'B1', on_hand: 3, reserved: 0, entry: 9 } };

/** What stands in the gateway's audit topic. */
async function readAudit(gateway: GatewayHarness) {
  const log = await openLog({ data_directory: gateway.directory, service: 'auditor' });
  const { records } = await log.read({
    topic: 'audit.live-gateway',
    partition: 0,
    from: (await log.tail('audit.live-gateway', 0)).start_offset,
  });
  await log.close();
  return records.map(({ key, value }) => ({
    key: Buffer.from(key ?? []).toString(),
    entry: auditEntry.parse(JSON.parse(Buffer.from(value ?? []).toString())),
  }));
}

test('a command reaches its owner with principal, key and deadline, and who did what is written down', async () => {
  await using owner = await openOwner({ status: 200, body: done });
  await using gateway = await openGatewayHarness({ INVENTORY_ADDRESS: owner.address });
  const token = await gateway.keys.token({ subject: 'clerk-3', scopes: ['stock:write'] });
  const client = await gateway.connect({}, { token });
  expect(await client.command(envelope)).toEqual({ ok: true, value: done.answer });
  expect(owner.taken).toHaveLength(1);
  const [taken] = owner.taken;
  expect(taken?.path).toBe('/v1/requests/stock.move');
  expect(taken?.body).toEqual({ data: move });
  expect(taken?.headers).toMatchObject({ authorization: `Bearer ${token}`, 'idempotency-key': KEY });
  expect(Number(taken?.headers['x-deadline-ms'])).toBeGreaterThan(0);
  expect(Number(taken?.headers['x-deadline-ms'])).toBeLessThanOrEqual(8_000);
  const { generation } = await gateway.inventory.ownerOf('inventory.channel_stock', 'demo/A-17');
  expect(taken?.headers['x-owner-generation']).toBe(String(generation));
  const [written] = await readAudit(gateway);
  expect(written?.key).toBe('demo/sku A-17, location_id B1');
  expect(written?.entry).toMatchObject({
    principal: { subject: 'clerk-3', tenant_id: 'demo' },
    action: 'stock.move',
    object: 'sku A-17, location_id B1',
    after: { outcome: 'done', idempotency_key: KEY },
    trace_id: String(taken?.headers['traceparent']).split('-')[1],
  });
});

test("an owner's refusal comes back as it is, and is written down too", async () => {
  const error = { code: 'NL-INV-004', detail: 'only 1 is there', field: 'quantity', retriable: false };
  await using owner = await openOwner({ status: 409, body: { error } });
  await using gateway = await openGatewayHarness({ INVENTORY_ADDRESS: owner.address });
  const client = await gateway.connect();
  const { retriable: _, ...refused } = error;
  expect(await client.command(envelope)).toEqual({ ok: false, ...refused });
  const [written] = await readAudit(gateway);
  expect(written?.entry.after).toMatchObject({ outcome: 'NL-INV-004' });
});

test.each([
  ['that the principal may not give', { scopes: ['stock:read'] as const }, envelope, 'NL-API-005', undefined],
  ['of an unknown name', {}, { ...envelope, name: 'stock.steal' }, 'NL-PSH-001', 'name'],
  [
    'with a request that breaks its schema',
    {},
    { ...envelope, request: { ...move, quantity: 0 } },
    'NL-PSH-001',
    'request.quantity',
  ],
  ['with an unknown field', {}, { ...envelope, request: { ...move, force: true } }, 'NL-PSH-001', 'request.force'],
  [
    'with two keys',
    {},
    { ...envelope, idempotency_key: idempotencyKey.parse('other') },
    'NL-PSH-001',
    'request.idempotency_key',
  ],
])('a command %s never reaches the owner', async (_name, claims, sent, code, field) => {
  await using owner = await openOwner({ status: 200, body: done });
  await using gateway = await openGatewayHarness({ INVENTORY_ADDRESS: owner.address });
  const client = await gateway.connect(claims);
  const answer = await client.command(sent as typeof envelope);
  expect(answer).toMatchObject({ ok: false, code, ...(field !== undefined && { field }) });
  expect(owner.taken).toEqual([]);
});

test.each([
  ['does not run', { INVENTORY_ADDRESS: 'http://127.0.0.1:9', COMMAND_DEADLINE_MS: '300' }],
  ['does not answer in time', { COMMAND_DEADLINE_MS: '150' }],
])('a command whose owner %s is answered, retriable, and written down', async (_name, environment) => {
  await using owner = await openOwner({ status: 200, body: done, after_ms: 5_000 });
  await using gateway = await openGatewayHarness({ INVENTORY_ADDRESS: owner.address, ...environment });
  const client = await gateway.connect();
  expect(await client.command(envelope)).toMatchObject({ ok: false, code: 'NL-API-011' });
  const [written] = await readAudit(gateway);
  expect(written?.entry.after).toMatchObject({ outcome: 'NL-API-011' });
});

test('the owner of a lease that was let go is told of as not running', async () => {
  await using owner = await openOwner({ status: 200, body: done });
  await using gateway = await openGatewayHarness({ INVENTORY_ADDRESS: owner.address, COMMAND_DEADLINE_MS: '300' });
  const client = await gateway.connect();
  await gateway.inventory.close();
  await eventually(async () => {
    const answer = await client.command(envelope);
    return !answer.ok && answer.detail === 'inventory-sync is not running';
  });
  expect(owner.taken).toEqual([]);
});
