import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { topics } from '@nerveline/contracts';
import { createTempDirectory, VirtualClock } from '@nerveline/testing';
import { loadRoads } from '../../apps/gps-rerouting/src/adapters/osm/load-roads';
import { openFleet, type FleetContext, type Refusal } from './fleet-context';

const HERE = { lat: 49.4905, lon: 8.43 };
const THERE = { lat: 49.468, lon: 8.452 };
const YEAR_9999_MS = Date.UTC(9_999, 0);
const swapped = ({ lat, lon }: { lat: number; lon: number }) => ({ lat: lon, lon: lat });

const fix = (more: object = {}) => ({ vehicle_id: 'V-1', ...HERE, event_ms: Date.now(), ...more });
const jam = (more: object = {}) => ({
  idempotency_key: 'k',
  incident_id: 'J',
  kind: 'jam',
  where: { kind: 'circle', centre: HERE, radius_m: 200 },
  speed_factor: 0.5,
  reason: 'jam',
  ends_at_ms: null,
  ...more,
});

async function refusal(
  fleet: FleetContext,
  path: string,
  body: unknown,
): Promise<[number, string, string | undefined]> {
  const answer = await fleet.post<Refusal>(path, body);
  return [answer.status, answer.body.error.code, answer.body.error.field];
}

describe('what the fleet refuses', () => {
  it('names the field and the code, takes nothing, and goes on', async () => {
    await using fleet = await openFleet();
    const hour_ms = 3_600_000;
    const cases: [string, unknown, [number, string, string | undefined]][] = [
      ['/v1/positions', '{"fixes": [', [400, 'NL-API-002', undefined]],
      ['/v1/positions', { fixes: [] }, [400, 'NL-API-001', 'fixes']],
      [
        '/v1/positions',
        `{"fixes":[{"vehicle_id":"V","lat":NaN,"lon":8,"event_ms":1}]}`,
        [400, 'NL-API-002', undefined],
      ],
      ['/v1/positions', { fixes: [fix(), fix({ lat: null })] }, [400, 'NL-API-001', 'fixes[1].lat']],
      ['/v1/positions', { fixes: [fix({ lat: 91 })] }, [400, 'NL-API-001', 'fixes[0].lat']],
      ['/v1/positions', { fixes: [fix({ speed_mps: 9_999 })] }, [400, 'NL-API-001', 'fixes[0].speed_mps']],
      ['/v1/positions', { fixes: [fix({ colour: 'red' })] }, [400, 'NL-API-001', 'fixes[0].colour']],
      ['/v1/positions', { fixes: [fix({ vehicle_id: ' V' })] }, [400, 'NL-API-001', 'fixes[0].vehicle_id']],
      [
        '/v1/positions',
        { fixes: [fix(), fix({ event_ms: Date.now() + hour_ms })] },
        [400, 'NL-FLT-001', 'fixes[1].event_ms'],
      ],
      ['/v1/positions', { fixes: [fix({ event_ms: 1_000 })] }, [400, 'NL-FLT-002', 'fixes[0].event_ms']],
      ['/v1/positions', { fixes: [fix(swapped(HERE)), fix({ lat: 0, lon: 0 })] }, [400, 'NL-FLT-003', 'fixes[0]']],
      [
        '/v1/positions',
        { fixes: [fix({ vehicle_id: 'nobody' }), fix({ lat: 0 })] },
        [404, 'NL-FLT-015', 'fixes[0].vehicle_id'],
      ],
      ['/v1/plans', { vehicle_id: 'V-1', from: swapped(HERE), to: THERE }, [400, 'NL-FLT-003', 'from']],
      ['/v1/plans', { vehicle_id: 'V-1', from: HERE, to: { lat: 0, lon: 0 } }, [400, 'NL-FLT-003', 'to']],
      ['/v1/plans', { vehicle_id: 'V-1', to: THERE }, [422, 'NL-FLT-009', 'from']],
      ['/v1/plans', { vehicle_id: 'V-1', from: HERE }, [422, 'NL-FLT-009', 'to']],
      ['/v1/routes', { from: HERE, to: swapped(THERE) }, [400, 'NL-FLT-003', 'to']],
      [
        '/v1/traffic',
        jam({ where: { kind: 'segments', segment_ids: [1, 999_999] } }),
        [400, 'NL-FLT-006', 'where.segment_ids[1]'],
      ],
      [
        '/v1/traffic',
        jam({ where: { kind: 'circle', centre: swapped(HERE), radius_m: 50 } }),
        [400, 'NL-FLT-003', 'where.centre'],
      ],
      ['/v1/traffic', jam({ speed_factor: 0 }), [400, 'NL-API-001', 'speed_factor']],
      ['/v1/traffic', jam({ speed_factor: undefined }), [400, 'NL-API-001', 'speed_factor']],
      ['/v1/traffic', jam({ ends_at_ms: 1 }), [400, 'NL-FLT-017', 'ends_at_ms']],
      ['/v1/traffic', jam({ ends_at_ms: Date.now() - 1 }), [400, 'NL-FLT-017', 'ends_at_ms']],
      ['/v1/traffic', jam({ ends_at_ms: YEAR_9999_MS }), [400, 'NL-FLT-017', 'ends_at_ms']],
      ['/v1/traffic', jam({ kind: 'cleared', ends_at_ms: YEAR_9999_MS }), [400, 'NL-FLT-017', 'ends_at_ms']],
      ['/v1/traffic', jam({ kind: 'cleared', incident_id: 'unknown' }), [404, 'NL-FLT-014', 'incident_id']],
      ['/v1/proposals/answer', { proposal_id: 'V-9-1', answer: 'accepted' }, [404, 'NL-FLT-007', 'proposal_id']],
    ];
    for (const [path, body, expected] of cases) {
      expect({ body, answer: await refusal(fleet, path, body) }).toEqual({ body, answer: expected });
    }
    for (const topic of [topics.positions, topics.traffic, topics.fleetCommands]) {
      for (let partition = 0; partition < topic.partitions; partition++) {
        expect((await fleet.log.tail(topic.name, partition)).next_offset).toBe(0);
      }
    }
    expect(await fleet.positions([fix()])).toEqual({ accepted: 1, stale: 0, off_map: 0 });
  });

  it('a body that is too large, a token without the scope, no token', async () => {
    await using fleet = await openFleet();
    const large = JSON.stringify({ fixes: [fix({ vehicle_id: 'V'.repeat(2_000_000) })] });
    expect(await refusal(fleet, '/v1/positions', large)).toEqual([413, 'NL-API-003', undefined]);
    const reader = await fleet.keys.token({ scopes: ['fleet:read'] });
    expect((await fleet.post('/v1/positions', { fixes: [fix()] }, reader)).status).toBe(403);
    expect((await fleet.post('/v1/positions', { fixes: [fix()] }, 'nonsense')).status).toBe(401);
  });

  it('an idempotency key that was used for another report', async () => {
    await using fleet = await openFleet();
    await fleet.traffic(jam());
    expect(await refusal(fleet, '/v1/traffic', jam({ reason: 'another' }))).toEqual([
      409,
      'NL-API-007',
      'idempotency_key',
    ]);
  });

  it('an end that passed since is no fault of a report that is sent again: it gets its answer', async () => {
    const wall = new VirtualClock(Date.now());
    await using fleet = await openFleet({ wall });
    const report = jam({ ends_at_ms: wall.now_ms() + 60_000 });
    const answer = await fleet.traffic(report);
    wall.advance(120_000);
    expect(await fleet.traffic(report)).toEqual(answer);
    expect(await refusal(fleet, '/v1/traffic', { ...report, idempotency_key: 'late' })).toEqual([
      400,
      'NL-FLT-017',
      'ends_at_ms',
    ]);
  });

  it('doubled and late fixes are counted, swapped and far-away ones and those of strangers are named; none is applied', async () => {
    await using fleet = await openFleet();
    const event_ms = Date.now() - 10_000;
    const fixes = [
      fix({ event_ms }),
      fix({ event_ms }),
      fix({ event_ms: event_ms - 1 }),
      fix({ event_ms: event_ms + 1, ...swapped(HERE) }),
      fix({ event_ms: event_ms + 1, vehicle_id: 'nobody' }),
      fix({ event_ms: event_ms + 2, lat: 0 }),
    ];
    expect(await fleet.positions(fixes)).toEqual({
      accepted: 1,
      stale: 2,
      off_map: 2,
      refused: [
        { field: 'fixes[3]', code: 'NL-FLT-003', vehicle_id: 'V-1' },
        { field: 'fixes[4].vehicle_id', code: 'NL-FLT-015', vehicle_id: 'nobody' },
        { field: 'fixes[5]', code: 'NL-FLT-003', vehicle_id: 'V-1' },
      ],
    });
    // A doubled one is no fault, so the request isn't one either.
    expect(await fleet.positions([fix({ event_ms }), fix({ event_ms: event_ms + 1, lat: 0 })])).toMatchObject({
      stale: 1,
      refused: [{ field: 'fixes[1]' }],
    });
    const metrics = await (await fetch(`${fleet.service.address}/metrics`)).text();
    expect(metrics).toMatch(/nerveline_fleet_fixes_total\{outcome="stale"\} [2-9]/);
  });

  it('one tenant does not see or slow the vehicles of another', async () => {
    await using fleet = await openFleet();
    const plan = await fleet.plan({ vehicle_id: 'V-1', from: HERE, to: THERE });
    const other = await fleet.keys.token({ tenant_id: 'other' });
    const where = { kind: 'segments', segment_ids: plan.segment_ids };
    const answer = await fleet.post('/v1/traffic', jam({ where, kind: 'closure' }), other);
    expect(answer).toMatchObject({ status: 200, body: { vehicles_hit: [] } });
    expect((await fleet.get('/v1/map/speeds')).body).toMatchObject({ segments: [], metric_version: 0 });
  });
});

describe('a roads file that is no good', () => {
  const load = (roads_file: string, cache_directory: string) =>
    loadRoads({ roads_file, seed: 1, city_segments: 600, cache_directory });

  it.each<[string, Uint8Array]>([
    ['empty', new Uint8Array()],
    ['a text', new TextEncoder().encode('id,lat,lon\n1,2,3\n'.repeat(100))],
    ['zeros', new Uint8Array(4_096)],
    ['noise', Uint8Array.from({ length: 4_096 }, (_, n) => (n * 7_919) % 251)],
  ])('is refused in one sentence with a code: %s', async (_what, bytes) => {
    await using directory = await createTempDirectory();
    const path = join(directory.path, 'roads.osm.pbf');
    await writeFile(path, bytes);
    await expect(load(path, directory.path)).rejects.toMatchObject({
      code: 'NL-FLT-010',
      field: 'NERVELINE_ROADS',
      detail: expect.stringContaining(path) as string,
    });
  });

  it('is refused when it is not there', async () => {
    await using directory = await createTempDirectory();
    await expect(load('/nowhere/roads.osm.pbf', directory.path)).rejects.toMatchObject({ code: 'NL-FLT-010' });
  });
});
