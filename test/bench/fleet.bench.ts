import type { VehiclePlan } from '@nerveline/contracts';
import { createTempDirectory, createTestKeys, type TestKeys } from '@nerveline/testing';
import { Pool } from 'undici';
import { seededRandom } from '../../apps/gps-rerouting/src/domain/city/seeded-random';
import { syntheticCity } from '../../apps/gps-rerouting/src/domain/city/synthetic-city';
import { BidirectionalRouter } from '../../apps/gps-rerouting/src/domain/routing/router';
import { fixesAlong, type DrivenFix } from '../integration/fleet-drive';
import { startFleetProcess } from '../integration/fleet-process';
import { percentiles, round } from './percentiles';

const VEHICLES = 200;
const SENDERS = 4;
const SEED = 7;
const SEGMENTS = 30_000;
const ROUTES = 1_000;
const MAX_ROUNDS = 300;

/**
 * gps-rerouting as a process, on the made-up city, with the senders on the same machine: routes in process, then the
 * fixes of 200 vehicles over HTTP as fast as they are taken (four senders of fifty vehicles, a fix of each in a
 * request), then a jam in the middle of the city.
 */
export async function run(): Promise<Record<string, unknown>> {
  const { graph } = syntheticCity(SEED, SEGMENTS);
  const routes_ms = routeTimes(graph);
  await using keys = await createTestKeys();
  await using directory = await createTempDirectory();
  const vehicles = Array.from({ length: VEHICLES }, (_, n) => `V-${n}`);
  const environment = { CITY_SEED: String(SEED), CITY_SEGMENTS: String(SEGMENTS) };
  await using service = await startFleetProcess({ data_directory: directory.path, keys, environment, vehicles });
  const places = placesOf(graph, VEHICLES * 2);
  const drives: DrivenFix[][] = [];
  const start_ms = Date.now() - 3_600_000;
  for (let n = 0; n < VEHICLES; n++) {
    const request = { vehicle_id: `V-${n}`, from: places[2 * n], to: places[2 * n + 1], event_ms: start_ms };
    const { geometry } = (await service.post('/v1/plans', request)).body as VehiclePlan;
    drives.push(fixesAlong(geometry, { vehicle_id: `V-${n}`, start_ms: start_ms + 1_000, speed_mps: 9, noise_m: 5 }));
  }
  const load = await sendAll(service.address, keys, drives);
  const jam = await measureJam(service);
  return {
    segments: graph.edge_count,
    route_mean_ms: round(routes_ms.reduce((sum, ms) => sum + ms, 0) / routes_ms.length),
    route_p99_ms: percentiles(routes_ms, [0.99])[0],
    vehicles: VEHICLES,
    ...load,
    ...jam,
  };
}

function routeTimes(graph: ReturnType<typeof syntheticCity>['graph']): number[] {
  const router = new BidirectionalRouter(graph);
  const random = seededRandom(SEED);
  const anywhere = () => [{ edge: Math.floor(random() * graph.edge_count), fraction: random() }];
  const times_ms = Array.from({ length: 2 * ROUTES }, () => {
    const query = { from: anywhere(), to: anywhere(), weights_ms: graph.arrays.edge_free_ms };
    const begun_ms = performance.now();
    router.route(query);
    return performance.now() - begun_ms;
  });
  return times_ms.slice(ROUTES);
}

function placesOf(graph: ReturnType<typeof syntheticCity>['graph'], count: number) {
  const random = seededRandom(SEED + 1);
  return Array.from({ length: count }, () => {
    const [lon = 0, lat = 0] = graph.geometryOf(Math.floor(random() * graph.edge_count))[0] ?? [];
    return { lat, lon };
  });
}

async function sendAll(address: string, keys: TestKeys, drives: readonly DrivenFix[][]) {
  const pool = new Pool(address, { connections: SENDERS });
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${await keys.token()}` };
  const times_ms: number[] = [];
  let accepted = 0;
  const send = async (mine: readonly DrivenFix[][]): Promise<void> => {
    for (let round_number = 0; round_number < MAX_ROUNDS; round_number++) {
      const fixes = mine.flatMap((drive) => drive[round_number] ?? []);
      if (fixes.length === 0) return;
      const begun_ms = performance.now();
      const answer = await pool.request({
        path: '/v1/positions',
        method: 'POST',
        headers,
        body: JSON.stringify({ fixes }),
      });
      const body = (await answer.body.json()) as { accepted: number };
      times_ms.push(performance.now() - begun_ms);
      accepted += body.accepted;
    }
  };
  const share = drives.length / SENDERS;
  const begun_ms = performance.now();
  await Promise.all(Array.from({ length: SENDERS }, (_, n) => send(drives.slice(n * share, (n + 1) * share))));
  const took_s = (performance.now() - begun_ms) / 1_000;
  await pool.close();
  const [positions_p50_ms, positions_p99_ms] = percentiles(times_ms, [0.5, 0.99]);
  return { fixes: accepted, http_fixes_per_s: Math.round(accepted / took_s), positions_p50_ms, positions_p99_ms };
}

async function measureJam(service: Awaited<ReturnType<typeof startFleetProcess>>) {
  const where = { kind: 'circle', centre: { lat: 49.48, lon: 8.44 }, radius_m: 800 };
  const report = {
    idempotency_key: 'bench',
    incident_id: 'bench',
    kind: 'jam',
    where,
    reason: 'jam',
    ends_at_ms: null,
  };
  const begun_ms = performance.now();
  const { body } = await service.post('/v1/traffic', { ...report, speed_factor: 0.1 });
  const jam_ms = round(performance.now() - begun_ms);
  const { segments, vehicles_hit } = body as { segments: number; vehicles_hit: string[] };
  return { jam_segments: segments, jam_vehicles_hit: vehicles_hit.length, jam_ms };
}
