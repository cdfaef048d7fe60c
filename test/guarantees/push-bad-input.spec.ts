import { eventually } from '@nerveline/testing';
import { openGatewayHarness, type GatewayHarness } from '../integration/push-gateway-harness';
import { appendNumbered, numberOf, refusalRecord } from '../integration/push-harness';
import { RawClient } from '../integration/push-raw-client';

/** A client beside the one that misbehaves: it must notice nothing. */
async function openWitness(gateway: GatewayHarness) {
  const client = await gateway.connect();
  const seen: number[] = [];
  await client.subscribe('stock.refusals', { onItems: (items) => void seen.push(...items.map(numberOf)) });
  let next = 0;
  return {
    unharmed: async () => {
      await appendNumbered(gateway.inventory, refusalRecord, { from: next, to: next + 10 });
      next += 10;
      await eventually(() => seen.length === next);
      expect((await gateway.get('/health/ready')).status).toBe(200);
    },
  };
}

test.each([
  ['nothing', undefined, ''],
  ['a text', 'stock.refusals', ''],
  ['a list', [['stock.refusals']], ''],
  ['an unknown stream', { stream: 'cards', from: null }, 'stream'],
  ['an unknown field', { stream: 'stock.refusals', from: null, limit: 5 }, 'limit'],
  ['no position', { stream: 'stock.refusals' }, 'from'],
  [
    'a position of text',
    { stream: 'stock.refusals', from: { 'inventory.refusals/0': '5' } },
    'from.inventory.refusals/0',
  ],
  ['a prototype', { stream: '__proto__', from: null }, 'stream'],
])('a subscription that is %s is answered with the field that is wrong', async (_name, payload, field) => {
  await using gateway = await openGatewayHarness();
  const witness = await openWitness(gateway);
  await using client = await RawClient.open(gateway.url, await gateway.keys.token());
  client.emit(1, 'subscribe', payload);
  await eventually(() => client.answerTo(1) !== undefined);
  expect(client.answerTo(1)).toMatchObject({ ok: false, code: 'NL-PSH-001', field });
  await witness.unharmed();
});

test('an event that does not exist is answered with a code', async () => {
  await using gateway = await openGatewayHarness();
  await using client = await RawClient.open(gateway.url, await gateway.keys.token());
  client.emit(1, 'drop_tables', {});
  await eventually(() => client.answerTo(1) !== undefined);
  expect(client.answerTo(1)).toMatchObject({ ok: false, code: 'NL-PSH-008' });
});

test('a message of 5 MB ends its connection and nobody else notices', async () => {
  await using gateway = await openGatewayHarness();
  const witness = await openWitness(gateway);
  await using client = await RawClient.open(gateway.url, await gateway.keys.token());
  await eventually(() => client.messages.some((message) => message.startsWith('40')));
  client.emit(1, 'command', { name: 'stock.move', idempotency_key: 'k', request: 'x'.repeat(5_000_000) });
  await eventually(() => client.closed);
  expect(client.close_code).toBe(1009);
  await witness.unharmed();
});

test('10,000 subscriptions at once are answered, most of them with "slow down", and nobody else notices', async () => {
  await using gateway = await openGatewayHarness();
  const witness = await openWitness(gateway);
  await using client = await RawClient.open(gateway.url, await gateway.keys.token());
  await eventually(() => client.messages.some((message) => message.startsWith('40')));
  for (let id = 1; id <= 10_000; id += 1) client.emit(id, 'subscribe', { stream: 'flow.events', from: null });
  await witness.unharmed();
  const codes = () => client.messages.filter((message) => message.includes('"NL-PSH-004"')).length;
  await eventually(() => codes() > 9_000);
  await eventually(() => client.answerTo(10_000) !== undefined);
  expect(client.answerTo(1)).toEqual({ ok: true, value: null });
  await witness.unharmed();
}, 30_000);

test.each([
  ['half a packet', '42'],
  ['JSON that breaks off', '421["subscribe",{"stream":'],
  ['a binary event without its binary', '451-1["subscribe",{"_placeholder":true,"num":0}]'],
  ['an event named like a reserved one', '421["disconnect",{}]'],
  ['a packet of no known type', '49'],
])('%s ends the connection or is passed over, and nobody else notices', async (_name, packet) => {
  await using gateway = await openGatewayHarness();
  const witness = await openWitness(gateway);
  await using client = await RawClient.open(gateway.url, await gateway.keys.token());
  await eventually(() => client.messages.some((message) => message.startsWith('40')));
  client.send(packet);
  client.emit(2, 'subscribe', { stream: 'stock.refusals', from: null });
  await eventually(() => client.closed || client.answerTo(2) !== undefined);
  await witness.unharmed();
});
