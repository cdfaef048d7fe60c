import {
  decodePositionFix,
  splitTenantKey,
  topics,
  vehicleId,
  type RerouteDecision,
  type VehiclePlan,
} from '@nerveline/contracts';
import { offset } from '@nerveline/kernel';
import { openLog, partitionFor, type Log } from '@nerveline/log';
import { createTempDirectory, createTestKeys } from '@nerveline/testing';
import { replayDecisions } from '../../apps/gps-rerouting/src/application/replay-decisions';
import { syntheticCity } from '../../apps/gps-rerouting/src/domain/city/synthetic-city';
import { surroundingsOf } from '../../apps/gps-rerouting/src/gps-rerouting.module';
import { SMALL_CITY } from '../integration/fleet-context';
import { fixesAlong, type DrivenFix } from '../integration/fleet-drive';
import { NO_ANSWER, startFleetProcess, type FleetProcess } from '../integration/fleet-process';
import { readAll } from '../integration/fraud-context';

const VEHICLES = 16;
const BATCH = 40;
const KILLS = 3;
const HERE = { lat: 49.4905, lon: 8.43 };
const THERE = { lat: 49.468, lon: 8.452 };

const keyOf = ({ vehicle_id, event_ms }: { vehicle_id: string; event_ms: number }): string =>
  `${vehicle_id}@${event_ms}`;

/** Every fix in the log, with how often it is there. */
async function fixesInLog(log: Log): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  const text = new TextDecoder();
  for (let partition = 0; partition < topics.positions.partitions; partition++) {
    const { next_offset } = await log.tail(topics.positions.name, partition);
    for (let from = offset(0); from < next_offset;) {
      const batch = await log.read({ topic: topics.positions.name, partition, from });
      for (const { key, value } of batch.records) {
        if (key === null || value === null) continue;
        const id = vehicleId.parse(splitTenantKey(text.decode(key))[1]);
        const fix = keyOf(decodePositionFix(id, value));
        counts.set(fix, (counts.get(fix) ?? 0) + 1);
      }
      from = batch.next_offset;
    }
  }
  return counts;
}

/** Sends batches one after another until the service is gone or all are sent; gives what was acknowledged. */
async function send(service: FleetProcess, batches: DrivenFix[][], onAnswer: () => void): Promise<DrivenFix[]> {
  const acknowledged: DrivenFix[] = [];
  for (let batch = batches[0]; batch !== undefined; batch = batches[0]) {
    const { status } = await service.post('/v1/positions', { fixes: batch });
    // The sender doesn't know whether the batch was taken, and sends it again to the next one.
    if (status === NO_ANSWER) break;
    expect(status).toBe(200);
    acknowledged.push(...batch);
    batches.shift();
    onAnswer();
  }
  return acknowledged;
}

/** The fixes of one vehicle come from one sender, so that they stay in order. */
function batchesOf(drives: readonly DrivenFix[][]): DrivenFix[][] {
  const fixes = drives.flat().sort((a, b) => a.event_ms - b.event_ms);
  const batches: DrivenFix[][] = [];
  while (fixes.length > 0) batches.push(fixes.splice(0, BATCH));
  return batches;
}

describe('kill -9 during load', () => {
  it('loses no acknowledged fix, takes none twice, and makes no proposal twice', async () => {
    await using keys = await createTestKeys();
    await using directory = await createTempDirectory();
    const start = (vehicles?: readonly string[]) =>
      startFleetProcess({ data_directory: directory.path, keys, ...(vehicles !== undefined && { vehicles }) });
    let service = await start(Array.from({ length: VEHICLES }, (_, n) => `V-${n}`));
    const start_ms = Date.now() - 3_600_000;
    const drives: DrivenFix[][] = [];
    let middle: readonly [number, number] = [0, 0];
    for (let n = 0; n < VEHICLES; n++) {
      const vehicle_id = `V-${n}`;
      const { body } = await service.post('/v1/plans', { vehicle_id, from: HERE, to: THERE, event_ms: start_ms });
      const { geometry } = body as VehiclePlan;
      middle = geometry[Math.floor(geometry.length / 2)] ?? middle;
      drives.push(fixesAlong(geometry, { vehicle_id, start_ms: start_ms + 1_000, speed_mps: 1.5, upTo_m: 240 }));
    }
    const senders = [batchesOf(drives.slice(0, VEHICLES / 2)), batchesOf(drives.slice(VEHICLES / 2))];
    const acknowledged: DrivenFix[] = [];
    const load = async (onAnswer: (answered: number) => void): Promise<void> => {
      let answered = 0;
      const doomed = service;
      const done = await Promise.all(senders.map((batches) => send(doomed, batches, () => onAnswer(++answered))));
      acknowledged.push(...done.flat());
    };
    for (let kill = 1; kill <= KILLS; kill++) {
      const where = { kind: 'circle', centre: { lat: middle[1], lon: middle[0] }, radius_m: 150 };
      const what = { incident_id: 'J', kind: 'jam', where, reason: 'jam', ends_at_ms: null };
      const jam = { ...what, idempotency_key: `jam-${kill}`, speed_factor: 0.04 / kill };
      const doomed = service;
      let jammed: Promise<unknown> = Promise.resolve();
      await load((answered) => {
        if (answered === 8 * kill) jammed = doomed.post('/v1/traffic', jam);
        if (answered === 8 * kill + kill) void doomed.kill();
      });
      await jammed;
      await doomed[Symbol.asyncDispose]();
      service = await start();
      expect((await service.post('/v1/traffic', jam)).status).toBe(200);
    }
    await load(() => undefined);
    expect(senders.flat()).toEqual([]);
    await service.kill();

    const log = await openLog({ service: 'a-reader', data_directory: directory.path });
    try {
      const counts = await fixesInLog(log);
      expect([...counts.values()].filter((count) => count !== 1)).toEqual([]);
      expect(acknowledged.filter((fix) => !counts.has(keyOf(fix)))).toEqual([]);
      expect(acknowledged.length).toBeGreaterThan(KILLS * BATCH);

      const records = await readAll(log, topics.rerouteDecisions.name);
      const decisions = records.map(({ value }) => JSON.parse(value) as RerouteDecision);
      const proposed = decisions.filter(({ outcome }) => outcome === 'proposed');
      expect(proposed).toHaveLength(VEHICLES);
      expect(new Set(proposed.map(({ vehicle_id }) => vehicle_id)).size).toBe(VEHICLES);
      const { graph } = syntheticCity(Number(SMALL_CITY.CITY_SEED), Number(SMALL_CITY.CITY_SEGMENTS));
      expect((await replayDecisions(log, surroundingsOf(graph), partitionFor)).differences).toEqual([]);
    } finally {
      await log.close();
    }
  }, 120_000);
});
