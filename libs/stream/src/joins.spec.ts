import fc from 'fast-check';
import { z } from 'zod';
import { Topology, TopologyDriver, window } from './index';

interface Event {
  readonly key: string;
  readonly time_ms: number;
  readonly id: number;
}

const schema = z.object({ key: z.string(), time_ms: z.number(), id: z.number() });
const PARTITIONS = 2;
const LATENESS_MS = 5;
const BEFORE_MS = 6;
const AFTER_MS = 10;
const GRACE_MS = 4;
const lefts = { name: 'lefts', partitions: PARTITIONS, schema };
const rights = { name: 'rights', partitions: PARTITIONS, schema };
const pairs = { name: 'pairs', schema: z.string() };

type Kind = 'join' | 'leftJoin' | 'outerJoin';

const text = (left: Event | undefined, right: Event | undefined) => `${left?.id ?? '-'} ${right?.id ?? '-'}`;
const timing = { timestamp_ms: ({ time_ms }: Event) => time_ms, out_of_orderness_ms: LATENESS_MS };
const near = { before_ms: BEFORE_MS, after_ms: AFTER_MS, grace_ms: GRACE_MS };

function joining(kind: Kind): Topology {
  const topology = new Topology();
  const left = topology.stream(lefts, timing).keyBy(({ key }) => key);
  const right = topology.stream(rights, timing).keyBy(({ key }) => key);
  if (kind === 'join') left.join(right, text, near).to(pairs);
  else if (kind === 'leftJoin') left.leftJoin(right, text, near).to(pairs);
  else left.outerJoin(right, text, near).to(pairs);
  return topology;
}

interface Held extends Event {
  readonly side: 0 | 1;
  readonly expires_ms: number;
  matched: boolean;
}

/** The slow reference, over the one sequence that four lanes make. */
function referenceOf(kind: Kind, lanes: readonly (readonly Event[])[]): string[] {
  const left = lanes.map((records) => [...records]);
  const newest_ms = lanes.map(() => Number.NEGATIVE_INFINITY);
  const held: Held[] = [];
  const lines: string[] = [];
  while (left.some((records) => records.length > 0)) {
    const heads = left.map(([head]) => head?.time_ms ?? Number.POSITIVE_INFINITY);
    const lane = heads.indexOf(Math.min(...heads));
    const record = left[lane]?.shift();
    if (record === undefined) break;
    const watermark_ms = Math.min(...newest_ms) - LATENESS_MS;
    newest_ms[lane] = Math.max(newest_ms[lane] ?? 0, record.time_ms);
    const side = lane < PARTITIONS ? 0 : 1;
    const expires_ms = record.time_ms + (side === 0 ? AFTER_MS : BEFORE_MS) + GRACE_MS;
    if (expires_ms < watermark_ms) continue;
    const own: Held = { ...record, side, expires_ms, matched: false };
    for (const other of held) {
      const [one, two] = side === 0 ? [own, other] : [other, own];
      const close = two.time_ms >= one.time_ms - BEFORE_MS && two.time_ms <= one.time_ms + AFTER_MS;
      if (other.side === side || other.key !== own.key || other.expires_ms < watermark_ms || !close) continue;
      lines.push(text(one, two));
      own.matched = true;
      other.matched = true;
    }
    held.push(own);
  }
  for (const one of held) {
    if (one.matched || kind === 'join' || (kind === 'leftJoin' && one.side === 1)) continue;
    lines.push(one.side === 0 ? text(one, undefined) : text(undefined, one));
  }
  return lines;
}

const LANES = 2 * PARTITIONS;
const input = fc
  .array(
    fc.record({
      key: fc.constantFrom('a', 'b'),
      forward_ms: fc.integer({ min: 0, max: 6 }),
      back_ms: fc.oneof(
        { arbitrary: fc.constant(0), weight: 3 },
        { arbitrary: fc.integer({ min: 0, max: 90 }), weight: 1 },
      ),
      lane: fc.integer({ min: 0, max: LANES - 1 }),
    }),
    { maxLength: 60, size: 'large' },
  )
  .map((steps) => {
    const lanes: Event[][] = Array.from({ length: LANES }, () => []);
    let now_ms = 0;
    for (const [id, { key, forward_ms, back_ms, lane }] of steps.entries()) {
      now_ms += forward_ms;
      lanes[lane]?.push({ key, time_ms: Math.max(0, now_ms - back_ms), id });
    }
    return lanes;
  });

const cuts = fc.array(
  fc.record({ lane: fc.integer({ min: 0, max: LANES - 1 }), length: fc.integer({ min: 1, max: 20 }) }),
  { maxLength: 25 },
);

type Cut = { readonly lane: number; readonly length: number };

function run(
  topology: Topology,
  lanes: readonly (readonly Event[])[],
  options: { cuts: readonly Cut[]; crash_after: number },
) {
  const driver = new TopologyDriver(topology, { order: 'by time' });
  const left = lanes.map((records) => [...records]);
  const whole = lanes.map((_, lane) => ({ lane, length: Number.POSITIVE_INFINITY }));
  for (const [at, { lane, length }] of [...options.cuts, ...whole].entries()) {
    const records = (left[lane]?.splice(0, length) ?? []).map((value) => ({ value, partition: lane % PARTITIONS }));
    driver.pipe(lane < PARTITIONS ? lefts : rights, ...records);
    if (at === options.crash_after) driver.crash();
  }
  driver.end();
  driver.advanceWatermark(10_000);
  expect(driver.rejected).toEqual([]);
  return driver.read(pairs).map(({ value }) => value);
}

const kinds = fc.constantFrom<Kind>('join', 'leftJoin', 'outerJoin');

test('pairs and the lonely are those of a plain list, whatever comes late and out of order', () => {
  fc.assert(
    fc.property(kinds, input, (kind, lanes) => {
      const lines = run(joining(kind), lanes, { cuts: [], crash_after: -1 });
      expect([...lines].sort()).toEqual(referenceOf(kind, lanes).sort());
    }),
    { numRuns: 300 },
  );
});

/** A stream that is joined with a window of itself, and a table: three ways from one topic to one operator. */
function diamond(): Topology {
  const topology = new Topology();
  const left = topology.stream(lefts, timing).keyBy(({ key }) => key);
  const right = topology.stream(rights, timing).keyBy(({ key }) => key);
  const counted = left.window(window.tumbling({ size_ms: 8, grace_ms: 3 })).count();
  const last = right.toTable();
  left
    .joinTable(last, (one, row) => ({ ...one, text: `${one.id}/${row.id}` }))
    .leftJoin(counted, (one, sum) => `${one.text} ${sum?.value ?? '-'}`, { within_ms: 1 })
    .merge(right.map(({ id }) => `right ${id}`))
    .to(pairs);
  return topology;
}

test('joins, diamonds and their order depend neither on batch sizes, nor on interleaving, nor on crashes', () => {
  fc.assert(
    fc.property(fc.option(kinds), input, cuts, fc.integer({ min: -1, max: 9 }), (kind, lanes, cuts, crash_after) => {
      const topology = () => (kind === null ? diamond() : joining(kind));
      expect(run(topology(), lanes, { cuts, crash_after })).toEqual(
        run(topology(), lanes, { cuts: [], crash_after: -1 }),
      );
    }),
    { numRuns: 300 },
  );
});

describe('the table of Kafka Streams for joins of two streams, all within the window', () => {
  const left = { name: 'left', schema: z.string() };
  const right = { name: 'right', schema: z.string() };
  // Side, value, and what it adds.
  const steps: readonly [side: 'left' | 'right', value: string | null, pairs: readonly string[]][] = [
    ['left', null, []],
    ['right', null, []],
    ['left', 'A', []],
    ['right', 'a', ['A-a']],
    ['left', 'B', ['B-a']],
    ['right', 'b', ['A-b', 'B-b']],
    ['left', null, []],
    ['right', null, []],
    ['left', 'C', ['C-a', 'C-b']],
    ['right', 'c', ['A-c', 'B-c', 'C-c']],
    ['right', null, []],
    ['left', null, []],
    ['right', null, []],
    ['right', 'd', ['A-d', 'B-d', 'C-d']],
    ['left', 'D', ['D-a', 'D-b', 'D-c', 'D-d']],
  ];

  test('each record is paired with all that came before it on the other side; one without a value with none', () => {
    const topology = new Topology();
    topology
      .stream(left)
      .join(topology.stream(right), (one, two) => `${one}-${two}`, { within_ms: 10_000 })
      .to(pairs);
    const driver = new TopologyDriver(topology);
    for (const [timestamp_ms, [side, value, added]] of steps.entries()) {
      driver.pipe(side === 'left' ? left : right, { key: 'k', value, timestamp_ms });
      expect(driver.read(pairs).map((record) => record.value)).toEqual(added);
    }
    expect(driver.sourceCounts(left).tombstones + driver.sourceCounts(right).tombstones).toBe(7);
  });

  test('tables keep one value on each side: a change of either changes the row, a null takes it away', () => {
    const topology = new Topology();
    topology
      .table(left)
      .join(topology.table(right), (one, two) => `${one}-${two}`)
      .to(pairs);
    const driver = new TopologyDriver(topology);
    const given = steps.map(([side, value], timestamp_ms) => {
      driver.pipe(side === 'left' ? left : right, { key: 'k', value, timestamp_ms });
      return driver.read(pairs).map((record) => record.value);
    });
    expect(given).toEqual([
      [],
      [],
      [],
      ['A-a'],
      ['B-a'],
      ['B-b'],
      [null],
      [],
      [],
      ['C-c'],
      [null],
      [],
      [],
      [],
      ['D-d'],
    ]);
  });
});
