import {
  auditEntry,
  idempotencyKey,
  proposalId,
  topics,
  type Ack,
  type PositionsAnswer,
  type RerouteDecision,
  type VehiclePlan,
  type VehicleState,
} from '@nerveline/contracts';
import { openLog } from '@nerveline/log';
import type { PushClient } from '@nerveline/push';
import { createTempDirectory, createTestKeys, eventually, freePort } from '@nerveline/testing';
import { openFleet, type FleetContext, type FleetOptions } from '../integration/fleet-context';
import { fixesAlong } from '../integration/fleet-drive';
import { openFleetGateway } from '../integration/fleet-gateway';
import { startFleetProcess } from '../integration/fleet-process';
import { vehicleRow, writeRows } from '../integration/fleet-rows';
import { readAll } from '../integration/fraud-context';

const HERE = { lat: 49.4905, lon: 8.43 };
const THERE = { lat: 49.468, lon: 8.452 };
/** Programs start, are killed, and start again. */
const DEADLINE_MS = 120_000;

const jamOn = ({ geometry }: VehiclePlan) => {
  const [lon, lat] = geometry[Math.floor(geometry.length / 2)] ?? [0, 0];
  const where = { kind: 'circle', centre: { lat, lon }, radius_m: 150 };
  const jam = { idempotency_key: 'jam', incident_id: 'J', kind: 'jam', where, speed_factor: 0.03 };
  return { ...jam, reason: 'jam on the way', ends_at_ms: null };
};

/** The gateway finds it by the address in its lease. */
const openReachable = async ({ environment, ...options }: FleetOptions = {}): Promise<FleetContext> =>
  openFleet({ ...options, environment: { PORT: String(await freePort()), ...environment } });

/** Says yes over the socket, as a page does. */
const accept = (client: PushClient, id: string, attempt = 1): Promise<Ack<unknown>> =>
  client.command({
    name: 'fleet.answer_proposal',
    idempotency_key: idempotencyKey.parse(`answer-${id}-${attempt}`),
    request: { proposal_id: proposalId.parse(id), answer: 'accepted' },
  });

/** A jam on the way of V-1; what the socket of a page shows of it. */
async function proposeTo(fleet: FleetContext, client: PushClient): Promise<RerouteDecision> {
  const shown: RerouteDecision[] = [];
  await client.subscribe('fleet.decisions', {
    onItems: (items) => shown.push(...items.map(({ value }) => value as RerouteDecision)),
  });
  const start_ms = Date.now() - 60_000;
  const plan = await fleet.plan({ vehicle_id: 'V-1', from: HERE, to: THERE, event_ms: start_ms });
  const on_way = { vehicle_id: 'V-1', start_ms: start_ms + 1_000, from_m: 60, upTo_m: 100 };
  await fleet.positions(fixesAlong(plan.geometry, on_way));
  await fleet.traffic(jamOn(plan));
  return eventually(() => shown.find(({ outcome }) => outcome === 'proposed'), { what: 'a proposal on the page' });
}

const plansOf = async (fleet: FleetContext): Promise<VehiclePlan[]> => fleet.values<VehiclePlan>(topics.plans.name);

describe('a proposal that is accepted over the public door', () => {
  it('becomes the route of the vehicle, once, and who did it is written down', async () => {
    await using fleet = await openReachable();
    await using gateway = await openFleetGateway(fleet);
    const dispatcher = await gateway.connect({ subject: 'dispatcher-7', scopes: ['fleet:read', 'fleet:write'] });
    const proposed = await proposeTo(fleet, dispatcher);
    const answer = await accept(dispatcher, proposed.proposal_id);
    expect(answer).toMatchObject({ ok: true, value: { outcome: 'accepted', proposal_id: proposed.proposal_id } });
    const plans = await plansOf(fleet);
    expect(plans.at(-1)).toMatchObject({ cause: 'proposal_accepted', segment_ids: proposed.segment_ids });
    // Closed: the last word on it is the answer, and it is the only one after the question.
    const said = (await fleet.values<RerouteDecision>(topics.rerouteDecisions.name)).filter(
      ({ proposal_id }) => proposal_id === proposed.proposal_id,
    );
    expect(said.map(({ outcome }) => outcome)).toEqual(['proposed', 'accepted']);
    const audit = await readAll(fleet.log, topics.fleetAudit.name);
    const entries = audit.map(({ value }) => auditEntry.parse(JSON.parse(value)));
    expect(entries.filter(({ action }) => action === 'proposal.accepted')).toMatchObject([
      {
        principal: { tenant_id: 'demo', subject: 'dispatcher-7' },
        object: 'vehicle V-1',
        before: { proposal_id: proposed.proposal_id },
        after: { outcome: 'accepted' },
      },
    ]);

    expect(await accept(dispatcher, proposed.proposal_id)).toEqual(answer);
    expect(await accept(dispatcher, proposed.proposal_id, 2)).toEqual(answer);
    expect(await plansOf(fleet)).toEqual(plans);
    expect(await readAll(fleet.log, topics.fleetAudit.name)).toHaveLength(audit.length);
  });

  it('is the driver’s to accept for the own vehicle, and for no other', async () => {
    await using fleet = await openReachable();
    await writeRows(fleet.log, 'vehicles', { 'demo/V-1': vehicleRow('V-1', { driver_id: 'ada' }) });
    await using gateway = await openFleetGateway(fleet);
    const scopes = ['fleet:read', 'fleet:write'] as const;
    const ada = await gateway.connect({ subject: 'ada', roles: ['driver'], scopes });
    const bob = await gateway.connect({ subject: 'bob', roles: ['driver'], scopes });
    const reader = await gateway.connect({ subject: 'ada', roles: ['driver'], scopes: ['fleet:read'] });
    const { proposal_id } = await proposeTo(fleet, ada);
    expect(await accept(bob, proposal_id)).toMatchObject({ ok: false, code: 'NL-FLT-016', field: 'proposal_id' });
    expect(await accept(reader, proposal_id)).toMatchObject({ ok: false, code: 'NL-API-005' });
    expect((await plansOf(fleet)).at(-1)?.plan_version).toBe(1);
    expect(await accept(ada, proposal_id)).toMatchObject({ ok: true });
    expect((await plansOf(fleet)).at(-1)).toMatchObject({ plan_version: 2, cause: 'proposal_accepted' });
    // The right answer of another doesn't make it Bob's.
    expect(await accept(bob, proposal_id)).toMatchObject({ ok: false, code: 'NL-FLT-016' });
  });
});

describe('a proposal that is no longer there to accept', () => {
  it('is refused when its time ran out by the event clock, and the vehicle keeps its plan', async () => {
    let wall_ms = Date.now();
    await using fleet = await openReachable({
      wall: { now_ms: () => wall_ms },
      environment: { EXPIRY_INTERVAL_MS: '20' },
    });
    await using gateway = await openFleetGateway(fleet);
    const client = await gateway.connect();
    const { proposal_id, expires_at_ms = 0 } = await proposeTo(fleet, client);
    wall_ms = expires_at_ms + 1;
    await eventually(async () => {
      const decisions = await fleet.values<RerouteDecision>(topics.rerouteDecisions.name);
      return decisions.at(-1)?.outcome === 'expired';
    });
    expect(await accept(client, proposal_id)).toMatchObject({ ok: false, code: 'NL-FLT-008', field: 'proposal_id' });
    expect((await plansOf(fleet)).at(-1)?.plan_version).toBe(1);
  });

  it('is refused when a new trip withdrew it, when nobody made it, and when it is another vehicle’s', async () => {
    await using fleet = await openReachable();
    await using gateway = await openFleetGateway(fleet);
    const client = await gateway.connect();
    const { proposal_id } = await proposeTo(fleet, client);
    await fleet.plan({ vehicle_id: 'V-1', from: HERE, to: THERE });
    await fleet.plan({ vehicle_id: 'V-2', from: HERE, to: THERE });
    const refusals: [string, string][] = [
      [proposal_id, 'NL-FLT-008'],
      [proposal_id.replace('V-1', 'V-2'), 'NL-FLT-007'],
      ['V-1-99', 'NL-FLT-007'],
      ['nonsense', 'NL-FLT-007'],
    ];
    for (const [id, code] of refusals) {
      expect({ id, answer: await accept(client, id) }).toMatchObject({ id, answer: { ok: false, code } });
    }
    const last = await plansOf(fleet);
    expect(last.filter(({ cause }) => cause === 'proposal_accepted')).toEqual([]);
  });
});

describe('kill -9 between an accepted proposal and the next fix', () => {
  it(
    'leaves the vehicle on the proposed route, the proposal closed and the answer given',
    async () => {
      await using keys = await createTestKeys();
      await using directory = await createTempDirectory();
      const place = { data_directory: directory.path, keys };
      let service = await startFleetProcess({ ...place, vehicles: ['V-1'] });
      const start_ms = Date.now() - 60_000;
      const request = { vehicle_id: 'V-1', from: HERE, to: THERE, event_ms: start_ms };
      const plan = (await service.post('/v1/plans', request)).body as VehiclePlan;
      const on_way = { vehicle_id: 'V-1', start_ms: start_ms + 1_000, from_m: 60, upTo_m: 100 };
      await service.post('/v1/positions', { fixes: fixesAlong(plan.geometry, on_way) });
      await service.post('/v1/traffic', jamOn(plan));
      await using gateway = await openFleetGateway(place);
      const client = await gateway.connect({ subject: 'dispatcher-7' });
      const log = await openLog({ service: 'a-reader', data_directory: directory.path });
      const read = async <T>(topic: string): Promise<T[]> =>
        (await readAll(log, topic)).map(({ value }) => JSON.parse(value) as T);
      try {
        const [proposed] = await read<RerouteDecision>(topics.rerouteDecisions.name);
        if (proposed === undefined) throw new Error('nothing was proposed');
        const answer = await accept(client, proposed.proposal_id);
        expect(answer).toMatchObject({ ok: true, value: { outcome: 'accepted' } });
        await service.kill();
        await service[Symbol.asyncDispose]();
        service = await startFleetProcess(place);

        const followed = (await read<VehiclePlan>(topics.plans.name)).at(-1);
        expect(followed).toMatchObject({ plan_version: 2, segment_ids: proposed.segment_ids });
        const along = fixesAlong(followed?.geometry ?? [], { ...on_way, start_ms: start_ms + 20_000, upTo_m: 300 });
        const taken = (await service.post('/v1/positions', { fixes: along })).body as PositionsAnswer;
        expect(taken.accepted).toBe(along.length);
        await eventually(async () => {
          const state = (await read<VehicleState>(topics.vehicleStates.name)).at(-1);
          return state?.event_ms === along.at(-1)?.event_ms && state?.plan_version === 2 && state.status === 'on_route';
        });
        await eventually(async () => (await accept(client, proposed.proposal_id, 2)).ok);
        expect(await accept(client, proposed.proposal_id, 3)).toEqual(answer);
        const said = await read<RerouteDecision>(topics.rerouteDecisions.name);
        expect(said.map(({ outcome }) => outcome)).toEqual(['proposed', 'accepted']);
        expect(await read<VehiclePlan>(topics.plans.name)).toHaveLength(2);
      } finally {
        await service.kill();
        await service[Symbol.asyncDispose]();
        await log.close();
      }
    },
    DEADLINE_MS,
  );
});
