import {
  topics,
  type RerouteDecision,
  type TrafficIncident,
  type VehiclePlan,
  type VehicleState,
} from '@nerveline/contracts';
import { eventually } from '@nerveline/testing';
import { openFleet, type FleetContext } from './fleet-context';
import { fixesAlong } from './fleet-drive';

const HERE = { lat: 49.4905, lon: 8.43 };
const THERE = { lat: 49.468, lon: 8.452 };

const circleAround = ([lon, lat]: readonly [number, number], radius_m: number) => ({
  kind: 'circle',
  centre: { lat, lon },
  radius_m,
});

const middleOf = <T>(list: readonly T[]): T => {
  const item = list[Math.floor(list.length / 2)];
  if (item === undefined) throw new Error('the list is empty');
  return item;
};

async function stateOf(fleet: FleetContext, vehicle_id: string): Promise<VehicleState | undefined> {
  const states = await fleet.values<VehicleState>(topics.vehicleStates.name);
  return states.filter((state) => state.vehicle_id === vehicle_id).at(-1);
}

describe('a vehicle on its way', () => {
  it('is followed from its first fix to its arrival, and its time of arrival is about kept', async () => {
    await using fleet = await openFleet();
    const start_ms = Date.now() - 1_800_000;
    const plan = await fleet.plan({ vehicle_id: 'V-1', from: HERE, to: THERE, event_ms: start_ms });
    expect(plan.geometry.length).toBeGreaterThan(10);
    const fixes = fixesAlong(plan.geometry, { vehicle_id: 'V-1', start_ms: start_ms + 1_000, noise_m: 4 });
    const half = Math.floor(fixes.length / 2);
    expect(await fleet.positions(fixes.slice(0, half))).toEqual({ accepted: half, stale: 0, off_map: 0 });
    const halfway = await eventually(async () => {
      const state = await stateOf(fleet, 'V-1');
      return state?.event_ms === fixes[half - 1]?.event_ms ? state : undefined;
    });
    expect(halfway).toMatchObject({ status: 'on_route', plan_version: 1 });
    expect(halfway.remaining_m).toBeGreaterThan(100);
    await fleet.positions(fixes.slice(half));
    await eventually(async () => (await stateOf(fleet, 'V-1'))?.status === 'arrived');
  });

  it('gets a proposal when a jam makes its way much slower, and follows it when the driver accepts', async () => {
    await using fleet = await openFleet();
    const start_ms = Date.now() - 60_000;
    const plan = await fleet.plan({ vehicle_id: 'V-1', from: HERE, to: THERE, event_ms: start_ms });
    await fleet.plan({ vehicle_id: 'V-2', from: THERE, to: { lat: 49.472, lon: 8.456 }, event_ms: start_ms });
    await fleet.positions(
      fixesAlong(plan.geometry, { vehicle_id: 'V-1', start_ms: start_ms + 1_000, upTo_m: 100, from_m: 60 }),
    );
    const jam = {
      idempotency_key: 'jam-1',
      incident_id: 'J-1',
      kind: 'jam',
      where: circleAround(middleOf(plan.geometry), 150),
      speed_factor: 0.03,
      reason: 'jam on the way',
      ends_at_ms: null,
    };
    const answer = await fleet.traffic(jam);
    expect(answer.vehicles_hit).toEqual(['V-1']);
    expect(await fleet.traffic(jam)).toEqual(answer);
    const [proposed] = await fleet.values<RerouteDecision>(topics.rerouteDecisions.name);
    expect(proposed).toMatchObject({ outcome: 'proposed', vehicle_id: 'V-1', trigger: 'jam', incident_id: 'J-1' });
    expect(proposed?.gain_ms).toBeGreaterThan(90_000);

    const accept = { proposal_id: proposed?.proposal_id, answer: 'accepted' };
    const accepted = await fleet.post<RerouteDecision>('/v1/proposals/answer', accept);
    expect(accepted).toMatchObject({ status: 200, body: { outcome: 'accepted', proposal_id: proposed?.proposal_id } });
    expect((await fleet.post('/v1/proposals/answer', accept)).body).toEqual(accepted.body);
    expect((await fleet.post('/v1/proposals/answer', { ...accept, answer: 'declined' })).status).toBe(409);
    const plans = await fleet.values<VehiclePlan>(topics.plans.name);
    const followed = plans.filter(({ vehicle_id }) => vehicle_id === 'V-1').at(-1);
    expect(followed).toMatchObject({ plan_version: 2, cause: 'proposal_accepted', segment_ids: proposed?.segment_ids });
    const along = fixesAlong(followed?.geometry ?? [], {
      vehicle_id: 'V-1',
      start_ms: start_ms + 10_000,
      from_m: 150,
      upTo_m: 400,
    });
    await fleet.positions(along);
    await eventually(async () => {
      const state = await stateOf(fleet, 'V-1');
      return state?.plan_version === 2 && state.status === 'on_route' && state.event_ms === along.at(-1)?.event_ms;
    });
  });

  it('is put on another way at once when a closure cuts its own, and keeps it when every way is cut', async () => {
    await using fleet = await openFleet();
    const plan = await fleet.plan({ vehicle_id: 'V-1', from: HERE, to: THERE });
    const closure = {
      idempotency_key: 'c-1',
      incident_id: 'C-1',
      kind: 'closure',
      where: circleAround(middleOf(plan.geometry), 40),
      reason: 'burst pipe',
      ends_at_ms: null,
    };
    expect((await fleet.traffic(closure)).vehicles_hit).toEqual(['V-1']);
    const [applied] = await fleet.values<RerouteDecision>(topics.rerouteDecisions.name);
    expect(applied).toMatchObject({ outcome: 'applied', trigger: 'closure', reason: 'burst pipe', old_eta_ms: null });

    const destination = plan.geometry.at(-1) ?? [0, 0];
    const cut_off = { ...closure, idempotency_key: 'c-2', incident_id: 'C-2', where: circleAround(destination, 300) };
    expect((await fleet.traffic(cut_off)).vehicles_hit).toEqual(['V-1']);
    const decisions = await fleet.values<RerouteDecision>(topics.rerouteDecisions.name);
    expect(decisions.at(-1)).toMatchObject({ outcome: 'no_route', new_eta_ms: null });
    const plans = await fleet.values<VehiclePlan>(topics.plans.name);
    expect(plans.at(-1)).toMatchObject({ plan_version: 2, cause: 'closure' });
    const refused = await fleet.post('/v1/plans', { vehicle_id: 'V-2', from: HERE, to: THERE });
    expect(refused).toMatchObject({ status: 422, body: { error: { code: 'NL-FLT-005', field: 'to' } } });
  });

  it('is led back when the incident ends by the event clock', async () => {
    await using fleet = await openFleet({ environment: { EXPIRY_INTERVAL_MS: '20' } });
    const plan = await fleet.plan({ vehicle_id: 'V-1', from: HERE, to: THERE });
    const closure = {
      idempotency_key: 'c-1',
      incident_id: 'C-1',
      kind: 'closure',
      where: circleAround(middleOf(plan.geometry), 40),
      reason: 'parade',
      ends_at_ms: Date.now() + 300,
    };
    await fleet.traffic(closure);
    await eventually(async () => {
      const incidents = await fleet.values<TrafficIncident>(topics.traffic.name);
      return incidents.at(-1)?.kind === 'cleared';
    });
    const decisions = await fleet.values<RerouteDecision>(topics.rerouteDecisions.name);
    expect(decisions.at(-1)).toMatchObject({ trigger: 'cleared', reason: 'parade: over', incident_id: 'C-1' });
    const speeds = await fleet.get('/v1/map/speeds');
    expect(speeds.body).toMatchObject({ segments: [] });
  });
});

describe('what a vehicle was told', () => {
  it('survives a restart: the plan, the progress, the jam and the open proposal', async () => {
    await using fleet = await openFleet();
    const start_ms = Date.now() - 60_000;
    const plan = await fleet.plan({ vehicle_id: 'V-1', from: HERE, to: THERE, event_ms: start_ms });
    const fixes = fixesAlong(plan.geometry, { vehicle_id: 'V-1', start_ms: start_ms + 1_000, upTo_m: 200, from_m: 60 });
    await fleet.positions(fixes);
    await fleet.traffic({
      idempotency_key: 'jam-1',
      incident_id: 'J-1',
      kind: 'jam',
      where: circleAround(middleOf(plan.geometry), 150),
      speed_factor: 0.03,
      reason: 'jam',
      ends_at_ms: null,
    });
    const [proposed] = await fleet.values<RerouteDecision>(topics.rerouteDecisions.name);
    expect(proposed?.outcome).toBe('proposed');
    const before = await eventually(() => stateOf(fleet, 'V-1'));
    const speeds = (await fleet.get('/v1/map/speeds')).body;

    await fleet.restart();
    expect((await fleet.get('/v1/map/speeds')).body).toEqual(speeds);
    expect(await fleet.positions(fixes)).toEqual({ accepted: 0, stale: fixes.length, off_map: 0 });
    const answer = { proposal_id: proposed?.proposal_id, answer: 'declined' };
    expect((await fleet.post('/v1/proposals/answer', answer)).body).toMatchObject({ outcome: 'declined' });
    const after = await eventually(() => stateOf(fleet, 'V-1'));
    expect({ ...after, delay_ms: 0, eta_ms: 0 }).toEqual({ ...before, delay_ms: 0, eta_ms: 0 });
  });

  it('is void, and said so, when the service comes back with other roads', async () => {
    await using fleet = await openFleet();
    await fleet.plan({ vehicle_id: 'V-1', from: HERE, to: THERE });
    await fleet.positions([{ vehicle_id: 'V-1', ...HERE, event_ms: Date.now() }]);
    await fleet.restart({ CITY_SEED: '4' });
    await eventually(async () => (await stateOf(fleet, 'V-1'))?.status === 'no_plan');
  });
});
