import { monitorEventLoopDelay } from 'node:perf_hooks';
import { topics, type RerouteDecision } from '@nerveline/contracts';
import { partitionFor } from '@nerveline/log';
import { replayDecisions } from '../../apps/gps-rerouting/src/application/replay-decisions';
import { syntheticCity } from '../../apps/gps-rerouting/src/domain/city/synthetic-city';
import { surroundingsOf } from '../../apps/gps-rerouting/src/gps-rerouting.module';
import { openFleet, SMALL_CITY } from '../integration/fleet-context';
import { startFleetProcess } from '../integration/fleet-process';
import { createTempDirectory, createTestKeys } from '@nerveline/testing';
import { openLog } from '@nerveline/log';
import { readAll } from '../integration/fraud-context';

const HIT = 300;
const HERE = { lat: 49.4905, lon: 8.43 };
const THERE = { lat: 49.468, lon: 8.452 };
const NS_PER_MS = 1e6;

const hit = Array.from({ length: HIT }, (_, n) => `V-${String(n).padStart(3, '0')}`);
const vehicles = [...hit, 'bystander'];
const surroundings = () =>
  surroundingsOf(syntheticCity(Number(SMALL_CITY.CITY_SEED), Number(SMALL_CITY.CITY_SEGMENTS)).graph);

const jamOver = (segment_ids: readonly number[], n = 1) => ({
  idempotency_key: `jam-${n}`,
  incident_id: 'J',
  kind: 'jam',
  where: { kind: 'segments', segment_ids: segment_ids.slice(10, -5) },
  speed_factor: 0.05 / n,
  reason: 'jam',
  ends_at_ms: null,
});

/** Hundreds of trips are planned first. */
const DEADLINE_MS = 120_000;

describe('a jam that hits many vehicles', () => {
  it(
    'lets fixes and signs of life through while it is decided, also fixes of those whom it hits',
    async () => {
      await using fleet = await openFleet({ vehicles });
      let segment_ids: readonly number[] = [];
      for (const vehicle_id of hit) ({ segment_ids } = await fleet.plan({ vehicle_id, from: HERE, to: THERE }));
      let now_ms = Date.now();
      let is_over = false;
      const stalls = monitorEventLoopDelay({ resolution: 1 });
      stalls.enable();
      const begun_ms = performance.now();
      const jammed = fleet.traffic(jamOver(segment_ids)).finally(() => (is_over = true));
      const count = async (ask: () => Promise<unknown>): Promise<number> => {
        let answered = 0;
        for (; !is_over; answered++) await ask();
        return answered - 1;
      };
      const alive = async () => expect((await fetch(`${fleet.service.address}/health/live`)).status).toBe(200);
      const [answer, lives, fixes, own] = await Promise.all([
        jammed,
        count(alive),
        count(() => fleet.positions([{ vehicle_id: 'bystander', ...HERE, event_ms: ++now_ms }])),
        count(() => fleet.positions([{ vehicle_id: hit.at(-1), ...HERE, event_ms: ++now_ms }])),
      ]);
      const took_ms = performance.now() - begun_ms;
      stalls.disable();
      const longest_ms = stalls.max / NS_PER_MS;
      console.log(
        `jam ${took_ms.toFixed(0)} ms, longest stall ${longest_ms.toFixed(0)} ms; ${lives}, ${fixes}, ${own}`,
      );
      expect(answer.vehicles_hit).toEqual(hit);
      // In one step nothing is answered before the jam is, and the stall is as long as the jam.
      expect(Math.min(lives, fixes, own)).toBeGreaterThanOrEqual(5);
      expect(longest_ms).toBeLessThan(took_ms / 3);
      const decisions = await fleet.values<RerouteDecision>(topics.rerouteDecisions.name);
      expect(decisions.filter(({ trigger }) => trigger === 'jam')).toHaveLength(HIT);
      expect(new Set(decisions.map(({ read_vector }) => read_vector.versions['metric']))).toEqual(new Set(['1']));
      expect((await replayDecisions(fleet.log, surroundings(), partitionFor)).differences).toEqual([]);
    },
    DEADLINE_MS,
  );

  it(
    'is decided for everybody before the next change, and replayed byte for byte, whatever came in between',
    async () => {
      await using fleet = await openFleet({ vehicles });
      let segment_ids: readonly number[] = [];
      for (const vehicle_id of hit) ({ segment_ids } = await fleet.plan({ vehicle_id, from: HERE, to: THERE }));
      const now_ms = Date.now();
      const everybody = (n: number) => hit.map((vehicle_id) => ({ vehicle_id, ...HERE, event_ms: now_ms + n }));
      const [, second] = await Promise.all([
        fleet.traffic(jamOver(segment_ids, 1)),
        fleet.traffic(jamOver(segment_ids, 2)),
        fleet.positions(everybody(1)),
        fleet.plan({ vehicle_id: 'V-150', from: HERE, to: THERE }),
        fleet.positions(everybody(2)),
      ]);
      const decisions = await fleet.values<RerouteDecision>(topics.rerouteDecisions.name);
      const versions = decisions.filter(({ trigger, outcome }) => trigger === 'jam' && outcome !== 'expired');
      const of = (version: string) => versions.filter(({ read_vector }) => read_vector.versions['metric'] === version);
      // The one that got a new trip in between may go around it.
      expect([of('1').length, of('2').length]).toEqual([HIT, second.vehicles_hit.length]);
      expect(second.vehicles_hit.length).toBeGreaterThanOrEqual(HIT - 1);
      expect((await replayDecisions(fleet.log, surroundings(), partitionFor)).differences).toEqual([]);
    },
    DEADLINE_MS,
  );

  it(
    'is decided for the rest after kill -9 in the middle, and for nobody twice',
    async () => {
      await using keys = await createTestKeys();
      await using directory = await createTempDirectory();
      const start = (first?: readonly string[]) =>
        startFleetProcess({ data_directory: directory.path, keys, ...(first !== undefined && { vehicles: first }) });
      let service = await start(vehicles);
      let segment_ids: readonly number[] = [];
      for (const vehicle_id of hit) {
        const { body } = await service.post('/v1/plans', { vehicle_id, from: HERE, to: THERE });
        ({ segment_ids } = body as { segment_ids: number[] });
      }
      const log = await openLog({ service: 'a-reader', data_directory: directory.path });
      const decided = async () => (await readAll(log, topics.rerouteDecisions.name)).length;
      try {
        const jammed = service.post('/v1/traffic', jamOver(segment_ids));
        const doomed = service;
        while ((await decided()) === 0);
        await doomed.kill();
        await jammed;
        const before = await decided();
        expect(before).toBeLessThan(HIT);
        await doomed[Symbol.asyncDispose]();
        service = await start();
        expect((await service.post('/v1/traffic', jamOver(segment_ids))).status).toBe(200);
        const records = await readAll(log, topics.rerouteDecisions.name);
        expect(new Set(records.map(({ key }) => key)).size).toBe(HIT);
        expect(records).toHaveLength(HIT);
        expect((await replayDecisions(log, surroundings(), partitionFor)).differences).toEqual([]);
      } finally {
        await service.kill();
        await service[Symbol.asyncDispose]();
        await log.close();
      }
    },
    DEADLINE_MS,
  );
});
