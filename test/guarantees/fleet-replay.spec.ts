import { topics, type RerouteDecision, type TrafficIncident } from '@nerveline/contracts';
import { partitionFor } from '@nerveline/log';
import { eventually } from '@nerveline/testing';
import { replayDecisions, type ReplayReport } from '../../apps/gps-rerouting/src/application/replay-decisions';
import type { Surroundings } from '../../apps/gps-rerouting/src/application/world';
import { seededRandom } from '../../apps/gps-rerouting/src/domain/city/seeded-random';
import { syntheticCity } from '../../apps/gps-rerouting/src/domain/city/synthetic-city';
import { surroundingsOf } from '../../apps/gps-rerouting/src/gps-rerouting.module';
import { openFleet, SMALL_CITY, type FleetContext } from '../integration/fleet-context';
import { fixesAlong, type DrivenFix } from '../integration/fleet-drive';

const VEHICLES = 12;
const ROUNDS = 14;

const vehicles = [...Array.from({ length: VEHICLES }, (_, n) => `V-${n}`), 'scout'];

const surroundings = (): Surroundings =>
  surroundingsOf(syntheticCity(Number(SMALL_CITY.CITY_SEED), Number(SMALL_CITY.CITY_SEGMENTS)).graph);

const roads = surroundings();

/** Vehicles that drive, stray and are planned anew, while jams and closures come and go and proposals are answered. */
async function liveDay(fleet: FleetContext, seed: number): Promise<void> {
  const random = seededRandom(seed);
  const { node_lat_e7, node_lon_e7 } = roads.graph.arrays;
  const place = () => {
    const node = Math.floor(random() * roads.graph.node_count);
    return { lat: (node_lat_e7[node] ?? 0) / 1e7, lon: (node_lon_e7[node] ?? 0) / 1e7 };
  };
  const start_ms = Date.now() - 3_600_000;
  const drives: DrivenFix[][] = [];
  for (let n = 0; n < VEHICLES; n++) {
    const plan = await fleet.plan({ vehicle_id: `V-${n}`, from: place(), to: place(), event_ms: start_ms });
    // Every third one drives a way of its own, which the service has to find out.
    const other = n % 3 === 0 ? await fleet.plan({ vehicle_id: 'scout', from: place(), to: place() }) : plan;
    drives.push(
      fixesAlong(other.geometry, { vehicle_id: `V-${n}`, start_ms: start_ms + 1_000, noise_m: 6, speed_mps: 9 }),
    );
  }
  for (let round = 0; round < ROUNDS; round++) {
    const fixes = drives.flatMap((drive) => drive.slice(round * 15, (round + 1) * 15));
    fixes.sort((a, b) => a.event_ms - b.event_ms);
    if (fixes.length > 0) await fleet.positions(fixes);
    const where = { kind: 'circle', centre: place(), radius_m: 300 + random() * 500 };
    const report = { idempotency_key: `k-${round}`, incident_id: `I-${round % 5}`, where, ends_at_ms: null };
    const kind = (['jam', 'closure', 'weather'] as const)[round % 3] ?? 'jam';
    if (round > 5 && round % 4 === 0) {
      await fleet.traffic({ ...report, kind: 'cleared', reason: 'jam' });
    } else {
      await fleet.traffic({ ...report, kind, reason: `${kind} here`, speed_factor: 0.02 + random() * 0.2 });
    }
    await answerSome(fleet, random);
  }
}

async function answerSome(fleet: FleetContext, random: () => number): Promise<void> {
  const decisions = await fleet.values<RerouteDecision>(topics.rerouteDecisions.name);
  for (const { outcome, proposal_id } of decisions) {
    if (outcome !== 'proposed' || random() < 0.4) continue;
    const answer = random() < 0.7 ? 'accepted' : 'declined';
    const { status } = await fleet.post('/v1/proposals/answer', { proposal_id, answer });
    expect([200, 409]).toContain(status);
  }
}

const replay = (fleet: FleetContext, around: Surroundings): Promise<ReplayReport> =>
  replayDecisions(fleet.log, around, partitionFor);

describe('replay equals live', () => {
  it('every decision comes out again, byte for byte, also after a restart in the middle and by the event clock', async () => {
    await using fleet = await openFleet({ vehicles, environment: { EXPIRY_INTERVAL_MS: '20' } });
    const seed = Date.now() % 1_000_000;
    console.log(`seed ${seed}`);
    await liveDay(fleet, seed);
    await fleet.restart();
    const where = { kind: 'circle', centre: { lat: 49.48, lon: 8.44 }, radius_m: 700 };
    const jam = { idempotency_key: 'late', incident_id: 'late', kind: 'jam', where, reason: 'late jam' };
    await fleet.traffic({ ...jam, speed_factor: 0.05, ends_at_ms: Date.now() + 100 });
    await eventually(async () => {
      const last = (await fleet.values<TrafficIncident>(topics.traffic.name)).at(-1);
      return last?.kind === 'cleared' && last.incident_id === 'late';
    });

    const report = await replay(fleet, surroundings());
    expect(report.differences).toEqual([]);
    const decisions = await fleet.values<RerouteDecision>(topics.rerouteDecisions.name);
    expect(report.compared).toBeGreaterThan(decisions.length);
    expect(new Set(decisions.map(({ outcome }) => outcome)).size).toBeGreaterThan(3);
    expect(new Set(decisions.map(({ trigger }) => trigger))).toContain('off_route');
  });

  it('a rule that was changed since is found out', async () => {
    await using fleet = await openFleet({ vehicles });
    await liveDay(fleet, 5);
    const around = surroundings();
    const eager = { ...around, reroute: { ...around.reroute, min_gain_ms: 1, min_gain_share: 0 } };
    expect((await replay(fleet, eager)).differences).not.toEqual([]);
  });
});
