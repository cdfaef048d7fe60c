import { createDatabase, eventually, stopOwnPostgres } from '@nerveline/testing';
import { runMigrations } from '@nerveline/service-defaults';
import { sourceTables, topics, type VehiclePlan, type VehicleState } from '@nerveline/contracts';
import { FleetTables1762300000001 } from '../../apps/gps-rerouting/src/adapters/migrations/1762300000001-fleet-tables';
import { openFleet } from './fleet-context';
import { vehicleRow, writeRows } from './fleet-rows';

afterAll(stopOwnPostgres);

const HERE = { lat: 49.4905, lon: 8.43 };
const STOPS = [
  { lat: 49.48, lon: 8.44 },
  { lat: 49.474, lon: 8.431 },
  { lat: 49.468, lon: 8.452 },
];

const bytesOf = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

const order = (n: number, more: object = {}) => ({
  tenant_id: 'demo',
  order_id: `O-${n}`,
  vehicle_id: 'V-1',
  stop: n,
  ...STOPS[n - 1],
  due_from_ms: null,
  due_until_ms: null,
  status: 'planned',
  ...more,
});

describe('what the source tables tell', () => {
  it('names the vehicle and its driver on the page, also after a restart', async () => {
    await using fleet = await openFleet();
    await fleet.positions([{ vehicle_id: 'V-1', ...HERE, event_ms: Date.now() - 1_000 }]);
    await writeRows(fleet.log, 'drivers', { 'demo/D-1': { tenant_id: 'demo', driver_id: 'D-1', name: 'Ada' } });
    const vehicle = vehicleRow('V-1', { driver_id: 'D-1', name: 'Van 1' });
    await writeRows(fleet.log, 'vehicles', { 'demo/V-1': vehicle });
    const last = async () => (await fleet.values<VehicleState>(topics.vehicleStates.name)).at(-1);
    await eventually(async () => (await last())?.name === 'Van 1');
    await fleet.restart();
    await fleet.positions([{ vehicle_id: 'V-1', ...HERE, event_ms: Date.now() }]);
    await eventually(async () => (await last())?.driver_name === 'Ada');
    expect(await last()).toMatchObject({ name: 'Van 1', driver_name: 'Ada', depot_id: 'north', status: 'no_plan' });
  });

  it('makes a tour of the open orders in their order, without those that are done, moved or gone', async () => {
    await using fleet = await openFleet();
    await fleet.positions([{ vehicle_id: 'V-1', ...HERE, event_ms: Date.now() }]);
    const plan = async () => {
      const { body } = await fleet.post<VehiclePlan>('/v1/plans', { vehicle_id: 'V-1' });
      return body.stops?.map(({ label }) => label);
    };
    for (const n of [3, 1, 2]) await writeRows(fleet.log, 'orders', { [`demo/O-${n}`]: order(n) });
    await eventually(async () => (await plan())?.join() === 'O-1,O-2,O-3');
    const [made] = await fleet.values<VehiclePlan>(topics.plans.name);
    expect(made?.stops.map(({ eta_ms }) => eta_ms)).toEqual(made?.stops.map(({ eta_ms }) => eta_ms).sort());
    await writeRows(fleet.log, 'orders', { 'demo/O-1': order(1, { status: 'delivered' }) });
    await eventually(async () => (await plan())?.join() === 'O-2,O-3');
    await writeRows(fleet.log, 'orders', { 'demo/O-2': order(2, { vehicle_id: 'V-2' }) });
    await eventually(async () => (await plan())?.join() === 'O-3');
    await writeRows(fleet.log, 'orders', { 'demo/O-3': null });
    await eventually(async () => (await plan()) === undefined);
  });

  it('judges times by the clock that the source declares', async () => {
    await using fleet = await openFleet();
    const then_ms = Date.UTC(2018, 3, 1);
    const old = { vehicle_id: 'V-1', ...HERE, event_ms: then_ms };
    expect((await fleet.post('/v1/positions', { fixes: [old] })).status).toBe(400);
    const row = { tenant_id: 'demo', source: 'fleet', event_ms: then_ms, wall_ms: Date.now(), speed: 60 };
    const source = { schema: 'platform', table: 'event_clock', ts_ms: 0, snapshot: 'false', position: '1:1:0/1:0' };
    const value = bytesOf({ op: 'c', before: null, after: row, source, ts_ms: 0, transaction: null });
    await fleet.log.append([{ topic: topics.eventClock.name, key: 'demo/fleet', value, timestamp_ms: 0 }]);
    await eventually(async () => (await fleet.post('/v1/positions', { fixes: [old] })).status === 200);
    const now = { ...old, event_ms: Date.now() };
    expect(await fleet.post('/v1/positions', { fixes: [now] })).toMatchObject({
      body: { error: { code: 'NL-FLT-001' } },
    });
  });
});

describe('the migrations', () => {
  it('make the tables that the contracts describe, once, and refuse rows that no reader could read', async () => {
    await using database = await createDatabase();
    const options = { database_url: database.url, schema: 'fleet', migrations: [FleetTables1762300000001] };
    expect(await runMigrations(options)).toEqual(['FleetTables1762300000001']);
    expect(await runMigrations(options)).toEqual([]);
    for (const { schema, table, topic } of sourceTables.filter((source) => source.schema === 'fleet')) {
      const rows = await database.query(
        'SELECT column_name FROM information_schema.columns WHERE table_schema = $1 AND table_name = $2',
        [schema, table],
      );
      const change = topic.schema as unknown as { shape: { after: { unwrap(): { shape: object } } } };
      const columns = Object.keys(change.shape.after.unwrap().shape);
      expect(rows.map(({ column_name }) => String(column_name)).sort()).toEqual(columns.sort());
    }
    const insert = 'INSERT INTO fleet.orders (tenant_id, order_id, stop, lat, lon) VALUES ($1, $2, $3, $4, $5)';
    await database.query(insert, ['demo', 'O-1', 1, 49.4, 8.4]);
    const bad = [
      ['Demo', 'O-2', 1, 49.4, 8.4],
      ['demo', ' O', 1, 49.4, 8.4],
      ['demo', 'O-3', 0, 49.4, 8.4],
      ['demo', 'O-4', 1, 91, 8.4],
    ];
    for (const row of bad) await expect(database.query(insert, row)).rejects.toThrow(/check constraint/);
  }, 60_000);
});
