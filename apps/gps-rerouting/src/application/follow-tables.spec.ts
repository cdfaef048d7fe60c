import { decodeJson, tenantId, topics, vehicleId, type Topic } from '@nerveline/contracts';
import { offset } from '@nerveline/kernel';
import type { LogRecord } from '@nerveline/log';
import { CompactedTopics } from '@nerveline/testing';
import type { Concerned } from './apply-tables';
import type { z } from 'zod';
import { Directory } from './directory';
import { FollowTables, TABLES_GROUP, type TablesLog } from './follow-tables';

const tenant_id = tenantId.parse('demo');
const V1 = vehicleId.parse('V-1');

const source = { schema: 'fleet', table: 'any', ts_ms: 0, snapshot: 'false', position: '1:1:0/1:0' };
const inserted = (after: object) => ({ op: 'c', before: null, after, source, ts_ms: 0, transaction: null });

const vehicle = (vehicle_id: string) =>
  inserted({ tenant_id, vehicle_id, depot_id: 'north', driver_id: null, name: 'Van' });

const order = (order_id: string, vehicle_id = V1) =>
  inserted({
    tenant_id,
    order_id,
    vehicle_id,
    stop: 1,
    lat: 49,
    lon: 8,
    due_from_ms: null,
    due_until_ms: null,
    status: 'planned',
  });

/** A run of the service over that log: what it knows, and whom it told of what. */
async function start(log: TablesLog, untellable: readonly string[] = []) {
  const directory = new Directory();
  const told: Concerned[] = [];
  const tables = new FollowTables(directory, {
    onFacts: () => undefined,
    apply: async (concerned) => {
      if (untellable.includes(concerned.vehicle_id)) throw new RangeError(`${concerned.vehicle_id} can not be told`);
      told.push(concerned);
    },
  });
  await tables.restore(log);
  return { directory, tables, told };
}

async function feed(log: CompactedTopics, tables: FollowTables): Promise<void> {
  await log.feed([topics.vehicles.name], (records) =>
    tables.handle('vehicles', records, read(topics.vehicles, records)),
  );
  await log.feed([topics.orders.name], (records) => tables.handle('orders', records, read(topics.orders, records)));
}

const decoded = (change: object) => decodeJson(topics.orders, new TextEncoder().encode(JSON.stringify(change)));

const recordOf = (key: string): LogRecord => ({
  topic: topics.orders.name,
  partition: 0,
  offset: offset(0),
  key: new TextEncoder().encode(key),
  value: null,
  headers: {},
  timestamp_ms: 0,
  appended_ms: 0,
});

/** As the transport reads them. */
const read = <Schema extends z.ZodType>(topic: Topic<Schema>, records: readonly LogRecord[]) =>
  records.map(({ value }) => (value === null ? null : decodeJson(topic, value)));

test('a vehicle and an order that went for days ago are gone at the next start, and the fleet is told', async () => {
  const log = new CompactedTopics(TABLES_GROUP);
  log.put(topics.vehicles, 'demo/V-1', vehicle(V1));
  log.put(topics.orders, 'demo/O-1', order('O-1'));
  log.put(topics.orders, 'demo/O-2', order('O-2'));
  await feed(log, (await start(log)).tables);
  for (const [topic, key] of [
    [topics.vehicles, 'demo/V-1'],
    [topics.orders, 'demo/O-1'],
  ] as const) {
    log.put(topic, key, null);
    log.wipe(topic, key);
  }
  const { directory, told } = await start(log);
  expect(directory.vehicle(tenant_id, V1)).toBeUndefined();
  expect(directory.openOrders(tenant_id, V1).map(({ order_id }) => order_id)).toEqual(['O-2']);
  expect(new Set(told.map(({ vehicle_id }) => vehicle_id))).toEqual(new Set([V1]));
  // What was found out is kept: the start after that has nothing to tell.
  const again = await start(log);
  expect(again.told).toEqual([]);
  expect(again.directory.counts).toEqual({ vehicles: 0, drivers: 0, orders: 1 });
});

test('a row of which compaction left the tombstone is gone when that is read', async () => {
  const log = new CompactedTopics(TABLES_GROUP);
  log.put(topics.orders, 'demo/O-1', order('O-1'));
  await feed(log, (await start(log)).tables);
  log.wipe(topics.orders, 'demo/O-1');
  log.put(topics.orders, 'demo/O-1', null);
  const { directory, tables } = await start(log);
  expect(directory.counts.orders).toBe(1);
  await feed(log, tables);
  expect(directory.counts.orders).toBe(0);
});

test('a vehicle that can not be told of its row holds up no row of another, and is told with the next of its own', async () => {
  const untellable: string[] = [V1];
  const { tables, told } = await start(new CompactedTopics(TABLES_GROUP), untellable);
  const V2 = vehicleId.parse('V-2');
  const change = (...rows: (readonly [string, typeof V1])[]) => {
    const records = rows.map(([id]) => recordOf(`demo/${id}`));
    return tables.handle(
      'orders',
      records,
      rows.map(([id, vehicle_id]) => decoded(order(id, vehicle_id))),
    );
  };
  const bad = ['O-1', V1] as const;
  const good = ['O-2', V2] as const;
  await expect(change(bad, good)).rejects.toThrow(RangeError);
  // The batch is taken apart: what is at fault goes to the dead letters, the rest is taken over.
  await expect(change(bad)).rejects.toThrow(RangeError);
  expect((await change(good)).state).toHaveLength(1);
  expect((await change(['O-3', V2])).state).toHaveLength(1);
  expect(told.map(({ vehicle_id }) => vehicle_id)).toEqual([V2, V2]);
  untellable.length = 0;
  await change(['O-4', V1]);
  expect(told.at(-1)).toMatchObject({ vehicle_id: V1, former: [] });
});

test('the end of a row that was never taken, since its id is none, is nothing', async () => {
  const { tables, told } = await start(new CompactedTopics(TABLES_GROUP));
  await tables.handle('vehicles', [recordOf('demo/V-\u200b1')], [null]);
  expect(told).toEqual([]);
});

test('a key of no tenant is told by its code, and the vehicles of the rows before it are told all the same', async () => {
  const { tables, told } = await start(new CompactedTopics(TABLES_GROUP));
  const [good, bad] = [recordOf('demo/O-1'), recordOf('Demo/O-2')];
  const change = decoded(order('O-1'));
  await expect(tables.handle('orders', [good, bad], [change, null])).rejects.toMatchObject({ code: 'NL-LOG-011' });
  await tables.handle('orders', [good], [change]);
  expect(told.map(({ vehicle_id }) => vehicle_id)).toEqual([V1]);
  await expect(tables.handle('drivers', [recordOf('Demo/D-1')], [null])).rejects.toMatchObject({ code: 'NL-LOG-011' });
});
