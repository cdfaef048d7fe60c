import type { PushItem, PushStreamName } from '@nerveline/contracts';
import type { Scope } from '@nerveline/kernel';
import { eventually } from '@nerveline/testing';
import { openPushHarness, refusalRecord, stockRecord } from '../integration/push-harness';

const collect = () => {
  const items: PushItem[] = [];
  return { items, onItems: (fresh: readonly PushItem[]) => void items.push(...fresh) };
};

test("another tenant's records never arrive: in a snapshot, live, or on the way back to a position", async () => {
  await using push = await openPushHarness();
  const both = (n: number) => [
    refusalRecord(n, 'demo'),
    refusalRecord(n + 1, 'acme'),
    stockRecord(`S-${n}`, n, 'acme'),
  ];
  for (let n = 0; n < 400; n += 2) await push.inventory.append([...both(n), stockRecord(`S-${n}`, n, 'demo')]);
  const [demo, acme] = [await push.connect({ tenant_id: 'demo' }), await push.connect({ tenant_id: 'acme' })];
  const [demo_facts, demo_gauge, acme_facts, back] = [collect(), collect(), collect(), collect()];
  await demo.subscribe('stock.refusals', demo_facts);
  await demo.subscribe('stock.channels', demo_gauge);
  await acme.subscribe('stock.refusals', acme_facts);
  const returning = await push.connect({ tenant_id: 'demo' });
  await returning.subscribe('stock.refusals', back, {});
  for (let n = 400; n < 600; n += 2) await push.inventory.append(both(n));
  await push.inventory.append([stockRecord('last', 1, 'demo')]);
  await eventually(() => demo_gauge.items.some(({ key }) => key === 'demo/last/web'));
  await eventually(
    () => back.items.length === 300 && demo_facts.items.length === 300 && acme_facts.items.length === 300,
  );
  const keys = (items: readonly PushItem[]) => new Set(items.map(({ key }) => key?.split('/')[0]));
  expect(keys([...demo_facts.items, ...demo_gauge.items, ...back.items])).toEqual(new Set(['demo']));
  expect(keys(acme_facts.items)).toEqual(new Set(['acme']));
});

test('a tenant whose name begins with the name of another one is not let into its rooms', async () => {
  await using push = await openPushHarness();
  const short = collect();
  const client = await push.connect({ tenant_id: 'dem' });
  await client.subscribe('stock.refusals', short);
  const sentinel = collect();
  const other = await push.connect({ tenant_id: 'demo' });
  await other.subscribe('stock.refusals', sentinel);
  await push.inventory.append([refusalRecord(1, 'demo'), refusalRecord(2, 'demo')]);
  await eventually(() => sentinel.items.length === 2);
  expect(short.items).toEqual([]);
});

const demanded: [PushStreamName, Scope][] = [
  ['flow.events', 'ops:read'],
  ['fraud.decisions', 'payments:read'],
  ['stock.levels', 'stock:read'],
  ['fleet.vehicles', 'fleet:read'],
];

test.each(demanded)('%s demands the scope %s, and no other will do', async (stream, scope) => {
  await using push = await openPushHarness();
  const all: Scope[] = ['ops:read', 'payments:read', 'stock:read', 'fleet:read', 'ops:write', 'stock:write'];
  const without = await push.connect({ scopes: all.filter((other) => other !== scope) });
  await expect(without.subscribe(stream, collect())).rejects.toMatchObject({ code: 'NL-API-005' });
  const having = await push.connect({ scopes: [scope] });
  await having.subscribe(stream, collect());
});
