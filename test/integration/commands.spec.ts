import { randomUUID } from 'node:crypto';
import { idempotencyKey, recordHeaders, topics, trafficAnswer } from '@nerveline/contracts';
import { openLog } from '@nerveline/log';
import { freePort, stopOwnPostgres } from '@nerveline/testing';
import { openInventory, reservationOf } from '../guarantees/inventory-harness';
import { openFleet } from './fleet-context';
import { openFleetGateway } from './fleet-gateway';
import { readAll } from './fraud-context';

afterAll(stopOwnPostgres);

const move = () => ({
  idempotency_key: randomUUID(),
  kind: 'receipt',
  sku: 'A-17',
  location_id: 'B1',
  quantity: 5,
  reason: 'delivery',
});

/** inventory-sync, and its door for commands with the generation of who owns the key. */
async function openStage() {
  const inventory = await openInventory();
  const reader = await openLog({ service: 'test-reader', data_directory: inventory.data_directory });
  const { generation } = await reader.ownerOf('inventory.channel_stock', 'demo/A-17');
  await reader.close();
  const ask = async (name: string, data: unknown, headers: Record<string, string> = {}) => {
    const response = await fetch(`${inventory.service().address}/v1/requests/${name}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-owner-generation': String(generation),
        authorization: `Bearer ${inventory.token}`,
        ...headers,
      },
      body: JSON.stringify({ data }),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  return { inventory, generation, ask, [Symbol.asyncDispose]: () => inventory[Symbol.asyncDispose]() };
}

test('one key is one command, whether it comes by message or over the public route', async () => {
  await using stage = await openStage();
  const { ask, inventory } = stage;
  const request = move();
  const asked = await ask('stock.move', request);
  expect(asked).toMatchObject({ status: 200, body: { answer: { on_hand: 5, entry: 1 } } });
  const posted = await inventory.client.post('/v1/stock/movements', request);
  expect(posted).toEqual({ status: 200, body: asked.body['answer'] });
});

test('a reservation that a page asks for is the one that the public route gives for its key', async () => {
  await using stage = await openStage();
  const { ask, inventory } = stage;
  await inventory.client.receive('A-17', 3);
  const request = reservationOf([{ sku: 'A-17', location_id: 'B1', quantity: 2 }]);
  const asked = await ask('stock.reserve', request);
  expect(asked).toMatchObject({ status: 200, body: { answer: { kind: 'granted' } } });
  expect((await inventory.client.post('/v1/reservations', request)).body).toEqual(asked.body['answer']);
});

test('what a page reports of the roads is in the log with the page’s trace, and the same report again changes nothing', async () => {
  const port = String(await freePort());
  await using fleet = await openFleet({ environment: { PORT: port } });
  await using gateway = await openFleetGateway(fleet);
  const page = await gateway.connect();
  const key = idempotencyKey.parse('report-1');
  const request = {
    ...{ idempotency_key: key, incident_id: 'roadworks', kind: 'closure', reason: 'roadworks', ends_at_ms: null },
    where: { kind: 'segments', segment_ids: [10] },
  } as const;
  const report = { name: 'fleet.report_traffic', idempotency_key: key, request } as const;
  const answer = await page.command(report);
  expect(answer).toMatchObject({ ok: true, value: { incident_id: 'roadworks', segments: 1 } });
  expect(await page.command(report)).toEqual(answer);
  expect(trafficAnswer.parse(answer.ok ? answer.value : undefined)).toEqual(await fleet.traffic(request));
  const records = await readAll(fleet.log, topics.traffic.name);
  expect(records).toHaveLength(1);
  const audited = await readAll(fleet.log, topics.gatewayAudit.name);
  const { trace_id } = JSON.parse(audited[0]?.value ?? '') as { trace_id: string };
  expect(records[0]?.headers[recordHeaders.traceparent]).toContain(trace_id);
});

test('a command is refused by the guard, the schema and the owner as a request is, with a code of the catalogue', async () => {
  await using stage = await openStage();
  const { ask, inventory, generation } = stage;
  const reader = `Bearer ${await inventory.keys.token({ scopes: ['stock:read'] })}`;
  const refused = (code: string, more: object = {}) => ({ error: { code, ...more } });
  expect(await ask('stock.move', move(), { authorization: '' })).toMatchObject({
    ...{ status: 401, body: refused('NL-API-004') },
  });
  expect(await ask('stock.move', move(), { authorization: reader })).toMatchObject({
    ...{ status: 403, body: refused('NL-API-005') },
  });
  expect(await ask('stock.move', { ...move(), quantity: 'much' })).toMatchObject({
    ...{ status: 400, body: refused('NL-API-001', { field: 'quantity' }) },
  });
  expect(await ask('stock.steal', move())).toMatchObject({ status: 404, body: refused('NL-API-006') });
  expect(await ask('stock.move', move(), { 'x-owner-generation': String(generation + 1) })).toMatchObject({
    ...{ status: 421, body: refused('NL-LOG-033') },
  });
  expect(await ask('stock.move', { ...move(), quantity: -1 })).toMatchObject({
    ...{ status: 400, body: refused('NL-INV-008', { field: 'quantity' }) },
  });
  expect(await inventory.database.query('SELECT entry FROM inventory.stock_ledger')).toEqual([]);
});
