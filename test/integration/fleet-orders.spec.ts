import {
  auditEntry,
  topics,
  type FleetCommand,
  type RerouteDecision,
  type VehiclePlan,
  type VehicleState,
} from '@nerveline/contracts';
import { partitionFor } from '@nerveline/log';
import { eventually } from '@nerveline/testing';
import { replayDecisions } from '../../apps/gps-rerouting/src/application/replay-decisions';
import { syntheticCity } from '../../apps/gps-rerouting/src/domain/city/synthetic-city';
import { surroundingsOf } from '../../apps/gps-rerouting/src/gps-rerouting.module';
import { openFleet, SMALL_CITY, type FleetContext } from './fleet-context';
import { writeRows } from './fleet-rows';
import { readAll } from './fraud-context';

const HERE = { lat: 49.4905, lon: 8.43 };
const THERE = { lat: 49.468, lon: 8.452 };
const PLACES = {
  'O-1': { lat: 49.48, lon: 8.44 },
  'O-2': { lat: 49.474, lon: 8.431 },
  'O-3': { lat: 49.468, lon: 8.452 },
};
type OrderName = keyof typeof PLACES;

const order = (order_id: OrderName, more: object = {}) => ({
  tenant_id: 'demo',
  order_id,
  vehicle_id: 'V-1',
  stop: Number(order_id.slice(2)),
  ...PLACES[order_id],
  due_from_ms: null,
  due_until_ms: null,
  status: 'planned',
  ...more,
});

const put = (fleet: FleetContext, order_id: OrderName, more: object = {}) =>
  writeRows(fleet.log, 'orders', { [`demo/${order_id}`]: order(order_id, more) });

/** The last plan of a vehicle in the log; undefined when it was taken away. */
async function planOf(fleet: FleetContext, vehicle_id = 'V-1'): Promise<VehiclePlan | undefined> {
  const records = await readAll(fleet.log, topics.plans.name);
  const value = records.filter(({ key }) => key === `demo/${vehicle_id}`).at(-1)?.value;
  return value === undefined || value === '' ? undefined : (JSON.parse(value) as VehiclePlan);
}

const untilStops = (fleet: FleetContext, labels: readonly string[], vehicle_id = 'V-1'): Promise<VehiclePlan> =>
  eventually(
    async () => {
      const plan = await planOf(fleet, vehicle_id);
      return plan?.stops.map(({ label }) => label).join() === labels.join() ? plan : undefined;
    },
    { what: `a plan of ${vehicle_id} over ${labels.join()}` },
  );

const appear = (fleet: FleetContext, vehicle_id = 'V-1', event_ms = Date.now()) =>
  fleet.positions([{ vehicle_id, ...HERE, event_ms }]);

/** Everything that was written so far has been taken over, when this order has. */
async function settle(fleet: FleetContext): Promise<void> {
  await appear(fleet, 'V-2');
  await put(fleet, 'O-3', { vehicle_id: 'V-2' });
  await untilStops(fleet, ['O-3'], 'V-2');
}

describe('an order that changes', () => {
  it('gives the vehicle a route over its present stops: new, moved, cancelled, gone, given to another', async () => {
    await using fleet = await openFleet();
    await appear(fleet);
    await put(fleet, 'O-1');
    expect(await untilStops(fleet, ['O-1'])).toMatchObject({ cause: 'orders', plan_version: 1 });
    await put(fleet, 'O-2');
    const two = await untilStops(fleet, ['O-1', 'O-2']);
    const moved = { lat: 49.485, lon: 8.436 };
    await put(fleet, 'O-2', moved);
    const changed = await eventually(async () => {
      const plan = await planOf(fleet);
      return plan?.plan_version === two.plan_version + 1 ? plan : undefined;
    });
    expect(changed.stops[1]).toMatchObject({ label: 'O-2', ...moved });
    expect(changed.segment_ids).not.toEqual(two.segment_ids);
    await put(fleet, 'O-1', { status: 'cancelled' });
    await untilStops(fleet, ['O-2']);
    await appear(fleet, 'V-2');
    await put(fleet, 'O-2', { ...moved, vehicle_id: 'V-2' });
    await untilStops(fleet, ['O-2'], 'V-2');
    await eventually(async () => (await planOf(fleet)) === undefined);
    await writeRows(fleet.log, 'orders', { 'demo/O-2': null });
    await eventually(async () => (await planOf(fleet, 'V-2')) === undefined);
    await eventually(async () => {
      const states = await fleet.values<VehicleState>(topics.vehicleStates.name);
      return states.filter(({ vehicle_id }) => vehicle_id === 'V-1').at(-1)?.status === 'no_plan';
    });
  });

  it('is decided, written down with where it came from, and replayed byte for byte', async () => {
    await using fleet = await openFleet();
    await appear(fleet);
    await put(fleet, 'O-1');
    const plan = await untilStops(fleet, ['O-1']);
    const [applied] = await fleet.values<RerouteDecision>(topics.rerouteDecisions.name);
    expect(applied).toMatchObject({ outcome: 'applied', trigger: 'orders', segment_ids: plan.segment_ids });
    const [audit] = await readAll(fleet.log, topics.fleetAudit.name);
    expect(auditEntry.parse(JSON.parse(audit?.value ?? ''))).toMatchObject({
      action: 'fleet.plan',
      object: 'vehicle V-1',
      before: { plan_version: null, stops: [] },
      after: { plan_version: 1, stops: ['O-1'] },
    });
    expect(audit?.headers).toMatchObject({ source_position: '1:1:0/1:0' });

    const centre = { lat: plan.geometry.at(-1)?.[1], lon: plan.geometry.at(-1)?.[0] };
    const where = { kind: 'circle', centre, radius_m: 300 };
    const closure = { idempotency_key: 'c', incident_id: 'C', kind: 'closure', where, reason: 'flood' };
    await fleet.traffic({ ...closure, ends_at_ms: null });
    await put(fleet, 'O-2');
    // O-1 is cut off, so there is no way over both: the vehicle keeps its plan, and that is said.
    const refused = await eventually(async () => {
      const decisions = await fleet.values<RerouteDecision>(topics.rerouteDecisions.name);
      return decisions.find(({ outcome, trigger }) => outcome === 'no_route' && trigger === 'orders');
    });
    expect(refused.reason).toContain('no route leads there');
    await writeRows(fleet.log, 'vehicles', { 'demo/V-1': null });
    await eventually(async () => (await planOf(fleet)) === undefined);
    const commands = await fleet.values<FleetCommand>(topics.fleetCommands.name);
    expect(commands.map(({ kind }) => kind)).toEqual(['orders', 'orders', 'removed']);

    const { graph } = syntheticCity(Number(SMALL_CITY.CITY_SEED), Number(SMALL_CITY.CITY_SEGMENTS));
    const report = await replayDecisions(fleet.log, surroundingsOf(graph), partitionFor);
    expect(report.differences).toEqual([]);
    expect(report.compared).toBeGreaterThanOrEqual(4);
  });

  it('changes no plan that has these stops already, and no trip that somebody sent the vehicle on', async () => {
    await using fleet = await openFleet();
    await appear(fleet);
    await put(fleet, 'O-1');
    await untilStops(fleet, ['O-1']);
    await put(fleet, 'O-1', { status: 'under_way', due_until_ms: 1 });
    await settle(fleet);
    expect((await planOf(fleet))?.plan_version).toBe(1);
    await fleet.plan({ vehicle_id: 'V-1', from: HERE, to: THERE });
    await put(fleet, 'O-1', { status: 'cancelled' });
    await put(fleet, 'O-2', { vehicle_id: 'V-2' });
    await untilStops(fleet, ['O-2', 'O-3'], 'V-2');
    expect(await planOf(fleet)).toMatchObject({ plan_version: 2, stops: [{ label: 'destination' }] });
    await put(fleet, 'O-1');
    expect(await untilStops(fleet, ['O-1'])).toMatchObject({ plan_version: 3, cause: 'orders' });
  });

  it('that came before the vehicle told its place is planned with its first fix', async () => {
    await using fleet = await openFleet();
    await put(fleet, 'O-1');
    await settle(fleet);
    expect(await planOf(fleet)).toBeUndefined();
    await appear(fleet);
    expect(await planOf(fleet)).toMatchObject({ plan_version: 1, stops: [{ label: 'O-1' }] });
  });

  it('is taken over once, also when the service stops right after it and reads it again', async () => {
    await using fleet = await openFleet();
    await appear(fleet);
    await put(fleet, 'O-1');
    await untilStops(fleet, ['O-1']);
    await fleet.restart();
    await put(fleet, 'O-1');
    await settle(fleet);
    expect((await planOf(fleet))?.plan_version).toBe(1);
  });
});
