import fc from 'fast-check';
import { z } from 'zod';
import { Topology, TopologyDriver, window, type Window, type WindowResult } from './index';

interface Reading {
  readonly key: string;
  readonly time_ms: number;
  readonly size: number;
}

const PARTITIONS = 3;
const LATENESS_MS = 7;
const END_MS = 10_000;
const readings = {
  name: 'readings',
  partitions: PARTITIONS,
  schema: z.object({ key: z.string(), time_ms: z.number(), size: z.number() }),
};
const sums = { name: 'sums', schema: z.custom<WindowResult<number>>() };
const late = { name: 'late', schema: z.custom<Reading>() };

function sumIn(of: Window): Topology {
  const topology = new Topology();
  const summed = topology
    .stream(readings, { timestamp_ms: ({ time_ms }) => time_ms, out_of_orderness_ms: LATENESS_MS })
    .keyBy(({ key }) => key)
    .window(of)
    .sum(({ size }) => size);
  summed.to(sums);
  summed.late.to(late);
  return topology;
}

/** All that a run gives, as lines, in its order. */
function linesOf(driver: TopologyDriver): readonly string[] {
  const results = driver
    .read(sums)
    .map(({ key, value: { start_ms, end_ms, value } }) => [String(key), start_ms, end_ms, value].join(' '));
  return [...results, ...driver.read(late).map(({ value }) => `late ${value.key} ${value.time_ms} ${value.size}`)];
}

/** The slow reference: the one sequence that partitions make, the watermark ahead of each record, then plain lists. */
function inOrder(
  partitions: readonly (readonly Reading[])[],
): readonly (Reading & { readonly watermark_ms: number })[] {
  const left = partitions.map((records) => [...records]);
  const newest_ms = partitions.map(() => Number.NEGATIVE_INFINITY);
  const all: (Reading & { watermark_ms: number })[] = [];
  while (left.some((records) => records.length > 0)) {
    const heads = left.map(([head]) => head?.time_ms ?? Number.POSITIVE_INFINITY);
    const chosen = heads.indexOf(Math.min(...heads));
    const record = left[chosen]?.shift();
    if (record === undefined) break;
    all.push({ ...record, watermark_ms: Math.min(...newest_ms) - LATENESS_MS });
    newest_ms[chosen] = Math.max(newest_ms[chosen] ?? 0, record.time_ms);
  }
  return all;
}

function hoppingReference(
  of: Extract<Window, { hop_ms: number }>,
  partitions: readonly (readonly Reading[])[],
): string[] {
  const totals = new Map<string, number>();
  const lates: string[] = [];
  for (const { key, time_ms, size, watermark_ms } of inOrder(partitions)) {
    let taken = false;
    for (let start_ms = 0; start_ms <= time_ms; start_ms += of.hop_ms) {
      const end_ms = start_ms + of.size_ms;
      if (time_ms >= end_ms || end_ms + of.grace_ms <= watermark_ms) continue;
      taken = true;
      const name = `${key} ${start_ms} ${end_ms}`;
      totals.set(name, (totals.get(name) ?? 0) + size);
    }
    // Windows may begin ahead of the epoch.
    for (let start_ms = -of.hop_ms; start_ms > time_ms - of.size_ms; start_ms -= of.hop_ms) {
      const end_ms = start_ms + of.size_ms;
      if (end_ms + of.grace_ms <= watermark_ms) continue;
      taken = true;
      const name = `${key} ${start_ms} ${end_ms}`;
      totals.set(name, (totals.get(name) ?? 0) + size);
    }
    if (!taken) lates.push(`late ${key} ${time_ms} ${size}`);
  }
  return [...[...totals].map(([name, total]) => `${name} ${total}`), ...lates];
}

function sessionReference(
  of: Extract<Window, { gap_ms: number }>,
  partitions: readonly (readonly Reading[])[],
): string[] {
  interface Session {
    key: string;
    first_ms: number;
    last_ms: number;
    total: number;
  }
  let open: Session[] = [];
  const closed: Session[] = [];
  const lates: string[] = [];
  const closesAt = (last_ms: number) => last_ms + of.gap_ms + of.grace_ms + 1;
  for (const { key, time_ms, size, watermark_ms } of inOrder(partitions)) {
    closed.push(...open.filter(({ last_ms }) => closesAt(last_ms) <= watermark_ms));
    open = open.filter(({ last_ms }) => closesAt(last_ms) > watermark_ms);
    const near = open.filter(
      (one) => one.key === key && time_ms >= one.first_ms - of.gap_ms && time_ms <= one.last_ms + of.gap_ms,
    );
    if (near.length === 0 && closesAt(time_ms) <= watermark_ms) {
      lates.push(`late ${key} ${time_ms} ${size}`);
      continue;
    }
    open = open.filter((one) => !near.includes(one));
    open.push({
      key,
      first_ms: Math.min(time_ms, ...near.map(({ first_ms }) => first_ms)),
      last_ms: Math.max(time_ms, ...near.map(({ last_ms }) => last_ms)),
      total: near.reduce((sum, { total }) => sum + total, size),
    });
  }
  const all = [...closed, ...open];
  return [
    ...all.map(({ key, first_ms, last_ms, total }) => `${key} ${first_ms} ${last_ms + of.gap_ms} ${total}`),
    ...lates,
  ];
}

function slidingReference(
  of: Extract<Window, { kind: 'sliding' }>,
  partitions: readonly (readonly Reading[])[],
): string[] {
  const kept: (Reading & { watermark_ms: number })[] = [];
  const lates: string[] = [];
  for (const record of inOrder(partitions)) {
    const { key, time_ms, size, watermark_ms } = record;
    if (time_ms + of.size_ms + of.grace_ms < watermark_ms) lates.push(`late ${key} ${time_ms} ${size}`);
    else kept.push(record);
  }
  const lines = new Set<string>();
  for (const { key, time_ms, watermark_ms } of kept) {
    for (const end_ms of [time_ms, time_ms + 1 + of.size_ms]) {
      if (end_ms + of.grace_ms < watermark_ms) continue;
      const inside = kept.filter(
        (one) =>
          one.key === key &&
          one.time_ms >= end_ms - of.size_ms &&
          one.time_ms <= end_ms &&
          end_ms + of.grace_ms >= one.watermark_ms,
      );
      const total = inside.reduce((sum, { size }) => sum + size, 0);
      if (inside.length > 0) lines.add(`${key} ${end_ms - of.size_ms} ${end_ms} ${total}`);
    }
  }
  return [...lines, ...lates];
}

function referenceOf(of: Window, partitions: readonly (readonly Reading[])[]): string[] {
  if (of.kind === 'session') return sessionReference(of, partitions);
  return of.kind === 'sliding' ? slidingReference(of, partitions) : hoppingReference(of, partitions);
}

/** Times that mostly go up and sometimes far back, over three partitions. */
const input = fc
  .array(
    fc.record({
      key: fc.constantFrom('a', 'b', 'c'),
      forward_ms: fc.integer({ min: 0, max: 9 }),
      back_ms: fc.oneof(
        { arbitrary: fc.constant(0), weight: 4 },
        { arbitrary: fc.integer({ min: 0, max: 60 }), weight: 1 },
      ),
      size: fc.integer({ min: 1, max: 99 }),
      partition: fc.integer({ min: 0, max: PARTITIONS - 1 }),
    }),
    { maxLength: 80, size: 'large' },
  )
  .map((steps) => {
    const partitions: Reading[][] = Array.from({ length: PARTITIONS }, () => []);
    let now_ms = 0;
    for (const { key, forward_ms, back_ms, size, partition } of steps) {
      now_ms += forward_ms;
      partitions[partition]?.push({ key, time_ms: Math.max(0, now_ms - back_ms), size });
    }
    return partitions;
  });

const shapes = fc.constantFrom<Window>(
  window.tumbling({ size_ms: 10 }),
  window.tumbling({ size_ms: 10, grace_ms: 15 }),
  window.hopping({ size_ms: 20, hop_ms: 5 }),
  window.hopping({ size_ms: 15, hop_ms: 10, grace_ms: 4 }),
  window.session({ gap_ms: 6 }),
  // Long enough that sessions grow while the watermark passes where they would have ended.
  window.session({ gap_ms: 25 }),
  window.session({ gap_ms: 3, grace_ms: 20 }),
  window.sliding({ size_ms: 8 }),
  window.sliding({ size_ms: 12, grace_ms: 9 }),
);

interface Schedule {
  /** Lengths of the batches in which partitions are read, and which partition is read next. */
  readonly cuts: readonly { readonly partition: number; readonly length: number }[];
  /** After which of them the process dies. */
  readonly crash_after: number;
}

const schedules: fc.Arbitrary<Schedule> = fc.record({
  cuts: fc.array(
    fc.record({ partition: fc.integer({ min: 0, max: PARTITIONS - 1 }), length: fc.integer({ min: 1, max: 30 }) }),
    { maxLength: 30 },
  ),
  crash_after: fc.integer({ min: -1, max: 10 }),
});

function run(
  of: Window,
  partitions: readonly (readonly Reading[])[],
  { cuts, crash_after }: Schedule,
): readonly string[] {
  const driver = new TopologyDriver(sumIn(of), { order: 'by time' });
  const left = partitions.map((records) => [...records]);
  const whole = left.map((_, partition) => ({ partition, length: Number.POSITIVE_INFINITY }));
  for (const [at, { partition, length }] of [...cuts, ...whole].entries()) {
    const records = left[partition]?.splice(0, length) ?? [];
    driver.pipe(readings, ...records.map((value) => ({ value, partition })));
    if (at === crash_after) driver.crash();
  }
  driver.end();
  driver.advanceWatermark(END_MS);
  return linesOf(driver);
}

test('windows hold what a plain list says, whatever comes late and out of order', () => {
  fc.assert(
    fc.property(shapes, input, (of, partitions) => {
      const lines = run(of, partitions, { cuts: [], crash_after: -1 });
      expect([...lines].sort()).toEqual(referenceOf(of, partitions).sort());
    }),
    { numRuns: 300 },
  );
});

test('results and their order depend neither on batch sizes, nor on how partitions interleave, nor on crashes', () => {
  fc.assert(
    fc.property(shapes, input, schedules, (of, partitions, schedule) => {
      expect(run(of, partitions, schedule)).toEqual(run(of, partitions, { cuts: [], crash_after: -1 }));
    }),
    { numRuns: 300 },
  );
});

test('results that a grace held back are in time for the windows behind, through several of them', () => {
  const first = window.tumbling({ size_ms: 10, grace_ms: 15 });
  const chained = (of: Window): Topology => {
    const topology = new Topology();
    const counted = topology
      .stream(readings, { timestamp_ms: ({ time_ms }) => time_ms, out_of_orderness_ms: LATENESS_MS })
      .keyBy(({ key }) => key)
      .window(first)
      .count();
    const summed = counted
      .keyBy(() => 'all')
      .window(of)
      .sum(({ value }) => value)
      .keyBy(() => 'all')
      .window(window.tumbling({ size_ms: 1_000 }))
      .sum(({ value }) => value);
    summed.to(sums);
    return topology;
  };
  const seconds = [
    window.tumbling({ size_ms: 10 }),
    window.session({ gap_ms: 3 }),
    window.session({ gap_ms: 20, grace_ms: 5 }),
  ];
  fc.assert(
    fc.property(fc.constantFrom<Window>(...seconds), input, (second, partitions) => {
      const driver = new TopologyDriver(chained(second), { order: 'by time' });
      for (const [partition, records] of partitions.entries()) {
        driver.pipe(readings, ...records.map((value) => ({ value, partition })));
      }
      driver.end();
      driver.advanceWatermark(END_MS);
      const total = driver.read(sums).reduce((sum, { value }) => sum + value.value, 0);
      expect(total).toBe(partitions.flat().length - driver.counts('tumbling').late);
    }),
    { numRuns: 200 },
  );
});
