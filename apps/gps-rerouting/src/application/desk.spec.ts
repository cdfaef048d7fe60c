import { partitionFor } from '@nerveline/log';
import { NervelineError, offset, type Commit, type RecordPosition } from '@nerveline/kernel';
import { idempotencyKey, positionFix, tenantId, topics, vehicleId, type PositionFix } from '@nerveline/contracts';
import { syntheticCity } from '../domain/city/synthetic-city';
import { surroundingsOf } from '../gps-rerouting.module';
import { Desk, type FleetLog } from './desk';
import { Directory } from './directory';
import { GaugeWriter } from './gauge-writer';
import { takeReport } from './report-traffic';
import { SLICE_MS } from './time-slice';
import { findTrip, takePlan, type PlanCommand } from './take-command';
import { takeFix } from './take-fix';
import type { Step } from './step';

const surroundings = surroundingsOf(syntheticCity(1, 600).graph);
const demo = tenantId.parse('demo');

/** A log in memory whose next commits can be made to fail. */
class MemoryLog implements FleetLog {
  readonly state = { scan: (store: string): Iterable<[string, Uint8Array]> => this.#storeOf(store) };
  readonly commits: Commit[] = [];
  fails: NervelineError | undefined;
  readonly #stores = new Map<string, Map<string, Uint8Array>>();
  readonly #tails = new Map<string, number>();

  tail(topic: string, partition: number): Promise<{ next_offset: number }> {
    return Promise.resolve({ next_offset: this.#tails.get(`${topic}/${partition}`) ?? 0 });
  }

  async commit(commit: Commit): Promise<readonly RecordPosition[]> {
    await Promise.resolve();
    if (this.fails !== undefined) throw this.fails;
    this.commits.push(commit);
    for (const { store, key, value } of commit.state ?? []) {
      if (value === null) this.#storeOf(store).delete(key);
      else this.#storeOf(store).set(key, value);
    }
    return (commit.appends ?? []).map(({ topic, key }) => {
      const partition = partitionFor(key ?? '', topic === 'fleet.traffic' ? 1 : 4);
      const next = this.#tails.get(`${topic}/${partition}`) ?? 0;
      this.#tails.set(`${topic}/${partition}`, next + 1);
      return { topic, partition, offset: offset(next) };
    });
  }

  #storeOf(store: string): Map<string, Uint8Array> {
    const known = this.#stores.get(store) ?? new Map<string, Uint8Array>();
    this.#stores.set(store, known);
    return known;
  }
}

function openDesk(log: MemoryLog, fatal: unknown[] = [], stopwatch_ms: () => number = () => 0): Desk {
  const gauge = new GaugeWriter(new Directory());
  const wall = { now_ms: () => 1_000_000 };
  const onFatal = (error: unknown) => fatal.push(error);
  return new Desk({ log, surroundings, gauge, wall, stopwatch_ms, partitionOf: partitionFor, onFatal });
}

const fixAt = (event_ms: number): PositionFix =>
  positionFix.parse({ vehicle_id: 'V', lat: 49.48, lon: 8.44, event_ms });

const take = (event_ms: number) => (step: Step) => {
  step.outbox.position(demo, fixAt(event_ms));
  takeFix(step, demo, fixAt(event_ms));
};

const lastFix = (desk: Desk): number | undefined => [...desk.world.fleet(demo).vehicles.values()][0]?.fix?.event_ms;

const VEHICLES = ['V-1', 'V-2', 'V-3', 'V-4', 'V-5'].map((id) => vehicleId.parse(id));
const read_vector = { offsets: {}, versions: {}, event_clock_ms: 1_000 };

/** The same trip for each. */
const planFor = (vehicle_ids: typeof VEHICLES) => (step: Step) => {
  const { node_lat_e7, node_lon_e7 } = surroundings.graph.arrays;
  const place = (node: number) => ({ lat: (node_lat_e7[node] ?? 0) / 1e7, lon: (node_lon_e7[node] ?? 0) / 1e7 });
  const stops = [{ ...place(surroundings.graph.node_count - 1), label: 'destination' }];
  for (const vehicle_id of vehicle_ids) {
    const trip = { tenant_id: demo, vehicle_id, depot_id: null, from: place(0), stops };
    const command: PlanCommand = { format_version: 1, kind: 'plan', ...trip, read_vector, event_ms: 1_000 };
    takePlan(step, command, findTrip(step.world, command));
  }
};

/** On the whole way of them all. */
const jam = (step: Step): void => {
  const segment_ids = [...(step.world.fleet(demo).vehicles.values().next().value?.plan?.way.segment_ids ?? [])];
  const where = { kind: 'segments', segment_ids } as const;
  const told = {
    idempotency_key: idempotencyKey.parse('k'),
    incident_id: 'J',
    kind: 'jam',
    where,
    reason: 'jam',
  } as const;
  takeReport(step, { ...told, tenant_id: demo, segment_ids, ends_at_ms: null, event_ms: 2_000 }, 2_000);
};

const isDecision = ({ topic }: { readonly topic: string }): boolean => topic === topics.rerouteDecisions.name;
const decisionsIn = ({ appends = [] }: Commit): number => appends.filter(isDecision).length;

describe('Desk', () => {
  it('does acts that come while it commits, and those that come when it has just finished', async () => {
    const log = new MemoryLog();
    const desk = openDesk(log);
    await desk.open();
    for (let n = 1; n <= 50; n++) await desk.do(take(n));
    await Promise.all([51, 52, 53].map((n) => desk.do(take(n))));
    expect(lastFix(desk)).toBe(53);
    expect(log.commits.length).toBe(51);
  });

  it('forgets what a failed commit would have made durable, and goes on', async () => {
    const log = new MemoryLog();
    const desk = openDesk(log);
    await desk.open();
    await desk.do(take(1));
    log.fails = new NervelineError('NL-LOG-003', { detail: 'the disk is full' });
    await expect(desk.do(take(2))).rejects.toThrow('NL-LOG-003');
    log.fails = undefined;
    await desk.do(() => undefined);
    expect(lastFix(desk)).toBe(1);
    await desk.do(take(2));
    expect(lastFix(desk)).toBe(2);
  });

  it('refuses one act alone, and what is shared with it goes on', async () => {
    const log = new MemoryLog();
    const desk = openDesk(log);
    await desk.open();
    const refusal = new NervelineError('NL-FLT-007', { detail: 'no such proposal' });
    const refused = desk.do(() => {
      throw refusal;
    });
    const taken = desk.do(take(1));
    await expect(refused).rejects.toBe(refusal);
    await taken;
    expect(lastFix(desk)).toBe(1);
    expect(log.commits).toHaveLength(1);
  });

  it('throws away a batch in which an act broke half-way', async () => {
    const log = new MemoryLog();
    const desk = openDesk(log);
    await desk.open();
    const broken = desk.do((step) => {
      take(1)(step);
      throw new RangeError('a bug');
    });
    await expect(broken).rejects.toThrow('a bug');
    await desk.do(() => undefined);
    expect(log.commits).toHaveLength(0);
    expect(desk.world.fleet(demo).vehicles.size).toBe(0);
  });

  it('says so when another process has taken the log over', async () => {
    const log = new MemoryLog();
    const fatal: unknown[] = [];
    const desk = openDesk(log, fatal);
    await desk.open();
    log.fails = new NervelineError('NL-LOG-004', { detail: 'fenced' });
    await expect(desk.do(take(1))).rejects.toThrow('NL-LOG-004');
    expect(fatal).toEqual([log.fails]);
  });

  it('decides a change vehicle by vehicle, a commit for each slice, and takes an act up in between', async () => {
    const log = new MemoryLog();
    let now_ms = 0;
    // Every look at the clock finds a slice gone: one vehicle fits into each.
    const desk = openDesk(log, [], () => (now_ms += SLICE_MS));
    await desk.open();
    await desk.do(planFor(VEHICLES));
    const before = log.commits.length;
    const done: string[] = [];
    const jammed = desk.do(jam);
    const settled = jammed.then(() => desk.settled(demo)).then(() => done.push('all decided'));
    await jammed;
    await desk.do(() => done.push('an act'));
    await settled;
    expect(done).toEqual(['an act', 'all decided']);
    expect(
      log.commits
        .slice(before)
        .map(decisionsIn)
        .filter((count) => count > 0),
    ).toEqual(VEHICLES.map(() => 1));
  });

  it('goes on with the rest of a change when a commit in the middle of it fails', async () => {
    const log = new MemoryLog();
    let now_ms = 0;
    const desk = openDesk(log, [], () => (now_ms += SLICE_MS));
    await desk.open();
    await desk.do(planFor(VEHICLES));
    await desk.do(jam);
    log.fails = new NervelineError('NL-LOG-003', { detail: 'the disk is full' });
    await expect(desk.settled(demo)).rejects.toThrow('NL-LOG-003');
    expect(desk.is_readable).toBe(false);
    log.fails = undefined;
    await desk.settled(demo);
    const decided = log.commits.flatMap(({ appends = [] }) => appends.filter(isDecision).map(({ key }) => String(key)));
    expect(decided.sort()).toEqual(VEHICLES.map((id) => `demo/${id}`));
  });
});
