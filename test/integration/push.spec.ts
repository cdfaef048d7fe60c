import type { PositionVector, PushFrame, PushItem } from '@nerveline/contracts';
import { eventually } from '@nerveline/testing';
import { openLog } from '@nerveline/log';
import {
  appendNumbered,
  decisionRecord,
  numberOf,
  openPushHarness,
  refusalRecord,
  stockRecord,
  trafficRecord,
} from './push-harness';

/** Collects what a stream gives, and every frame that left a gap or came with a record that was there already. */
function collector() {
  const flaws: string[] = [];
  let standing: Record<string, number> = {};
  const check = ({ kind, items, from = {}, position }: PushFrame) => {
    if (kind !== 'delta') standing = {};
    for (const [id, next] of Object.entries(kind === 'delta' ? from : {})) {
      if (next > (standing[id] ?? 0)) flaws.push(`gap in ${id} from ${standing[id]} to ${next}`);
    }
    for (const { topic, partition, offset } of items) {
      if (offset < (standing[`${topic}/${partition}`] ?? 0)) flaws.push(`${topic}/${partition} @ ${offset} again`);
    }
    standing = { ...standing, ...position };
  };
  const items: PushItem[] = [];
  const frames: PushFrame[] = [];
  return {
    items,
    frames,
    flaws,
    numbers: () => items.map(numberOf),
    onFrame: (frame: PushFrame) => {
      check(frame);
      frames.push(frame);
    },
    onItems: (fresh: readonly PushItem[], replace: boolean) => {
      if (replace) items.length = 0;
      items.push(...fresh);
    },
  };
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

test('a facts stream begins with the last records of the tenant and goes on with every record in order', async () => {
  await using push = await openPushHarness();
  await appendNumbered(push.inventory, refusalRecord, { from: 0, to: 500 });
  const client = await push.connect();
  const seen = collector();
  await client.subscribe('stock.refusals', seen);
  await eventually(() => seen.items.length === 200);
  await appendNumbered(push.inventory, refusalRecord, { from: 500, to: 600 });
  await eventually(() => seen.items.length === 300);
  expect(seen.numbers()).toEqual(range(300, 600));
  expect(seen.frames[0]).toMatchObject({ kind: 'snapshot', position: { 'inventory.refusals/0': 500 } });
  expect(push.errors).toEqual([]);
});

test('a snapshot of several partitions is in the order of the appends', async () => {
  await using push = await openPushHarness();
  await appendNumbered(push.fraud, decisionRecord, { from: 0, to: 1_500, size: 1 });
  const client = await push.connect();
  const seen = collector();
  await client.subscribe('fraud.decisions', seen);
  await eventually(() => seen.items.length === 1_000);
  const by_time = seen.numbers();
  expect([...by_time].sort((a, b) => a - b)).toEqual(range(500, 1_500));
  // Appends within one millisecond have no order between partitions.
  expect(by_time.filter((n, i) => i > 0 && n < (by_time[i - 1] ?? 0) - 25)).toEqual([]);
});

test('a gauge stream begins with the latest by key, and a tombstone removes a key', async () => {
  await using push = await openPushHarness();
  const skus = range(0, 300).map((n) => `S-${n}`);
  await push.inventory.append(skus.map((name) => stockRecord(name, 5)));
  await push.inventory.append([stockRecord('S-7', 4), stockRecord('S-8', null)]);
  const client = await push.connect();
  const seen = collector();
  await client.subscribe('stock.channels', seen);
  const latest = () => new Map(seen.items.map((item) => [item.key, item.value]));
  await eventually(() => latest().size >= 299);
  expect(latest().get('demo/S-7/web')).toMatchObject({ available: 4 });
  expect(latest().get('demo/S-8/web') ?? null).toBeNull();
  await push.inventory.append([stockRecord('S-9', null), stockRecord('S-10', 1)]);
  await eventually(() => (latest().get('demo/S-10/web') as { available?: number } | null)?.available === 1);
  expect(latest().get('demo/S-9/web')).toBeNull();
});

test('a gauge client that was away hears of what changed and what was removed, and of nothing else', async () => {
  await using push = await openPushHarness();
  await push.inventory.append(range(0, 100).map((n) => stockRecord(`S-${n}`, 5)));
  const first = await push.connect();
  const before = collector();
  await first.subscribe('stock.channels', before);
  await eventually(() => before.items.length === 100);
  const position = first.position('stock.channels');
  first.close();
  await push.inventory.append([stockRecord('S-1', 4), stockRecord('S-1', 3), stockRecord('S-2', null)]);
  const second = await push.connect();
  const after = collector();
  await second.subscribe('stock.channels', after, position);
  await eventually(() => after.items.length === 2);
  expect(after.frames.map(({ kind }) => kind)).toEqual(after.frames.map(() => 'delta'));
  expect(new Set(after.items.map(({ key }) => key))).toEqual(new Set(['demo/S-1/web', 'demo/S-2/web']));
  expect(after.items.find(({ key }) => key === 'demo/S-1/web')?.value).toMatchObject({ available: 3 });
});

test('a snapshot of many frames comes to its end, however many removals were forgotten', async () => {
  await using push = await openPushHarness({ frame_records: 10, tombstones_max: 5 });
  const skus = range(0, 200).map((n) => `S-${n}`);
  await push.inventory.append(skus.map((name) => stockRecord(name, 5)));
  await push.inventory.append(skus.slice(0, 100).map((name) => stockRecord(name, null)));
  const client = await push.connect();
  const seen = collector();
  await client.subscribe('stock.channels', seen);
  const shown = () => new Map(seen.items.filter(({ value }) => value !== null).map((item) => [item.key, item.value]));
  await eventually(() => shown().size === 100 && push.hub.stats().lagging === 0);
  expect(seen.frames.filter(({ kind }) => kind === 'snapshot')).toHaveLength(1);
});

test('a client that resumes while facts pour in gets each one once, whatever the moment of the hand-over', async () => {
  await using push = await openPushHarness({ frame_records: 40 });
  const keeper = await push.connect();
  await keeper.subscribe('fraud.decisions', collector(), {});
  const hand_overs = 60;
  let total = 0;
  let stopped = false;
  const writing = (async () => {
    for (; !stopped; total += 7) await appendNumbered(push.fraud, decisionRecord, { from: total, to: total + 7 });
  })();
  const seen = collector();
  let position: PositionVector = {};
  const stand = async (until: () => boolean, turns: number) => {
    const client = await push.connect();
    await client.subscribe('fraud.decisions', seen, position);
    await eventually(until);
    for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    position = client.position('fraud.decisions') ?? position;
    client.close();
  };
  for (let n = 0; n < hand_overs || total < 2_000; n += 1) {
    const goal = seen.items.length + 1;
    // Each hand-over meets the feed at another moment of its tick.
    await stand(() => seen.items.length >= goal, (n * 37) % 23);
  }
  stopped = true;
  await writing;
  await stand(() => seen.items.length >= total, 0);
  expect(seen.numbers().sort((a, b) => a - b)).toEqual(range(0, total));
  expect(seen.flaws).toEqual([]);
  const by_partition = new Map<number, number[]>();
  for (const { partition, offset } of seen.items) {
    by_partition.set(partition, [...(by_partition.get(partition) ?? []), offset]);
  }
  for (const offsets of by_partition.values()) expect(offsets).toEqual(range(0, offsets.length));
  expect(push.errors).toEqual([]);
});

test('a position that the log no longer has is answered with a reset', async () => {
  await using push = await openPushHarness();
  await appendNumbered(push.inventory, refusalRecord, { from: 0, to: 1_000 });
  const { offset } = (await push.inventory.append([refusalRecord(1_000)]))[0] ?? { offset: undefined };
  if (offset !== undefined) await push.inventory.truncateBefore('inventory.refusals', 0, offset);
  const client = await push.connect();
  const seen = collector();
  await client.subscribe('stock.refusals', seen, { 'inventory.refusals/0': 17 });
  await eventually(() => seen.items.length > 0);
  expect(seen.frames[0]?.kind).toBe('reset');
  expect(seen.numbers()).toEqual([1_000]);
});

test.each([
  ['from the future', { 'inventory.refusals/0': 1_000_000 }, 'NL-PSH-003', 'from.inventory.refusals/0'],
  ['of another topic', { 'fraud.decisions/0': 0 }, 'NL-PSH-002', 'from.fraud.decisions/0'],
  ['of another partition', { 'inventory.refusals/7': 0 }, 'NL-PSH-002', 'from.inventory.refusals/7'],
  ['below 0', { 'inventory.refusals/0': -1 }, 'NL-PSH-001', 'from.inventory.refusals/0'],
])('a position %s is refused with a code and its field', async (_name, from, code, field) => {
  await using push = await openPushHarness();
  const client = await push.connect();
  await expect(client.subscribe('stock.refusals', collector(), from)).rejects.toMatchObject({ code, field });
});

test('a position of another gateway holds here, also when this one has just begun to read', async () => {
  await using push = await openPushHarness();
  const other = await push.openGateway();
  await appendNumbered(push.inventory, refusalRecord, { from: 0, to: 50 });
  const here = await push.connect();
  await here.subscribe('stock.refusals', collector());
  const there = await push.connect({ url: other.url });
  const seen = collector();
  await there.subscribe('stock.refusals', seen);
  await appendNumbered(push.inventory, refusalRecord, { from: 50, to: 60 });
  await eventually(() => seen.items.length === 60);
  const moved = await push.connect();
  await moved.subscribe('stock.refusals', seen, there.position('stock.refusals'));
  await appendNumbered(push.inventory, refusalRecord, { from: 60, to: 70 });
  await eventually(() => there.position('stock.refusals')?.['inventory.refusals/0'] === 70);
  await eventually(() => moved.position('stock.refusals')?.['inventory.refusals/0'] === 70);
});

test('records of a topic whose service starts later arrive when it does', async () => {
  await using push = await openPushHarness();
  const client = await push.connect();
  const seen = collector();
  await client.subscribe('fleet.traffic', seen);
  await eventually(() => seen.frames.length === 1);
  expect(seen.frames[0]).toMatchObject({ kind: 'snapshot', items: [] });
  const fleet = await openLog({ data_directory: push.directory, service: 'gps-rerouting' });
  try {
    await fleet.append([trafficRecord(1), trafficRecord(2)]);
    await eventually(() => seen.items.length === 2);
    expect(seen.numbers()).toEqual([1, 2]);
  } finally {
    await fleet.close();
  }
  expect(push.errors).toEqual([]);
});
