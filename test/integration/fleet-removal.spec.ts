import { topics, type PushItem } from '@nerveline/contracts';
import type { PushClient } from '@nerveline/push';
import { eventually } from '@nerveline/testing';
import { openFleet, type Refusal } from './fleet-context';
import { openFleetGateway } from './fleet-gateway';
import { enrol, untilKnown, writeRows } from './fleet-rows';
import { readAll } from './fraud-context';

const HERE = { lat: 49.4905, lon: 8.43 };
const THERE = { lat: 49.468, lon: 8.452 };
const fix = (vehicle_id: string, event_ms = Date.now()) => ({ vehicle_id, ...HERE, event_ms });

/** What a page that shows the vehicles has now, by key. */
async function watch(client: PushClient, stream: 'fleet.vehicles' | 'fleet.plans'): Promise<Map<string, unknown>> {
  const shown = new Map<string, unknown>();
  await client.subscribe(stream, {
    onItems: (items: readonly PushItem[], replace) => {
      if (replace) shown.clear();
      for (const { key, value } of items) {
        if (value === null) shown.delete(key ?? '');
        else shown.set(key ?? '', value);
      }
    },
  });
  return shown;
}

describe('a vehicle that was deleted in the database', () => {
  it('goes from the pages that show it and from the snapshot of those that come after', async () => {
    await using fleet = await openFleet();
    await fleet.plan({ vehicle_id: 'V-1', from: HERE, to: THERE });
    await fleet.positions([fix('V-1'), fix('V-2')]);
    await using gateway = await openFleetGateway(fleet);
    const page = await gateway.connect();
    const vehicles = await watch(page, 'fleet.vehicles');
    const plans = await watch(page, 'fleet.plans');
    await eventually(() => vehicles.has('demo/V-1') && vehicles.has('demo/V-2') && plans.has('demo/V-1'));
    await writeRows(fleet.log, 'vehicles', { 'demo/V-1': null });
    await eventually(() => !vehicles.has('demo/V-1') && !plans.has('demo/V-1'));
    expect([...vehicles.keys()]).toEqual(['demo/V-2']);
    const later = await watch(await gateway.connect(), 'fleet.vehicles');
    await eventually(() => later.has('demo/V-2'));
    expect([...later.keys()]).toEqual(['demo/V-2']);
    const audit = await readAll(fleet.log, topics.fleetAudit.name);
    expect(JSON.parse(audit.at(-1)?.value ?? '')).toMatchObject({ action: 'fleet.remove', object: 'vehicle V-1' });

    // A start tells every vehicle once more: not this one.
    await fleet.restart();
    await fleet.positions([fix('V-2')]);
    const states = await readAll(fleet.log, topics.vehicleStates.name);
    expect(states.filter(({ key }) => key === 'demo/V-1').at(-1)?.value).toBe('');
  });

  it('is refused with a code, alone or among others, and is hit by no jam', async () => {
    await using fleet = await openFleet();
    const plan = await fleet.plan({ vehicle_id: 'V-1', from: HERE, to: THERE });
    await fleet.positions([fix('V-1')]);
    await writeRows(fleet.log, 'vehicles', { 'demo/V-1': null });
    await untilKnown(fleet.service.address, 1);
    const alone = await fleet.post<Refusal>('/v1/positions', { fixes: [fix('V-1'), fix('V-1', Date.now() + 1)] });
    expect(alone).toMatchObject({
      status: 404,
      body: { error: { code: 'NL-FLT-015', field: 'fixes[0].vehicle_id' } },
    });
    const refused = [{ field: 'fixes[0].vehicle_id', code: 'NL-FLT-015', vehicle_id: 'V-1' }];
    expect(await fleet.positions([fix('V-1'), fix('V-2')])).toEqual({ accepted: 1, stale: 0, off_map: 0, refused });
    const trip = await fleet.post<Refusal>('/v1/plans', { vehicle_id: 'V-1', from: HERE, to: THERE });
    expect(trip).toMatchObject({ status: 404, body: { error: { code: 'NL-FLT-015', field: 'vehicle_id' } } });
    const where = { kind: 'segments', segment_ids: plan.segment_ids };
    const jam = { idempotency_key: 'j', incident_id: 'J', kind: 'closure', where, reason: 'jam', ends_at_ms: null };
    expect((await fleet.traffic(jam)).vehicles_hit).toEqual([]);
  });

  it('comes back under its name as new, and no version and no proposal id is given twice', async () => {
    await using fleet = await openFleet();
    await fleet.plan({ vehicle_id: 'V-1', from: HERE, to: THERE });
    await writeRows(fleet.log, 'vehicles', { 'demo/V-1': null });
    await eventually(async () => (await readAll(fleet.log, topics.plans.name)).at(-1)?.value === '');
    await fleet.restart();
    await enrol(fleet.log, ['V-1']);
    await untilKnown(fleet.service.address, 2);
    expect(await fleet.plan({ vehicle_id: 'V-1', from: HERE, to: THERE })).toMatchObject({ plan_version: 2 });
  });

  it('a vehicle that never was in the table is refused like one that left it', async () => {
    await using fleet = await openFleet();
    const stranger = await fleet.post<Refusal>('/v1/positions', { fixes: [fix('V-9')] });
    expect(stranger).toMatchObject({ status: 404, body: { error: { code: 'NL-FLT-015' } } });
    const { next_offset } = await fleet.log.tail(topics.positions.name, 0);
    expect(next_offset).toBe(0);
  });
});
