import { z } from 'zod';
import { Topology, TopologyDriver, window, type TopicOf } from './index';

const clicks = { name: 'clicks', schema: z.object({ user: z.string(), page: z.string().optional(), n: z.number() }) };
const out: TopicOf<unknown> = { name: 'out', schema: z.unknown() };
const other: TopicOf<unknown> = { name: 'other', schema: z.unknown() };

const values = (driver: TopologyDriver, topic = out) => driver.read(topic).map(({ value }) => value);

test('branches give each record to the first that wants it, and the rest to the rest', () => {
  const topology = new Topology();
  const { many, some, rest } = topology.stream(clicks).branch({ many: ({ n }) => n > 10, some: ({ n }) => n > 5 });
  many.map(({ n }) => `many ${n}`).to(out);
  some.map(({ n }) => `some ${n}`).to(out);
  rest.map(({ n }) => `rest ${n}`).to(other);
  const driver = new TopologyDriver(topology);
  driver.pipe(clicks, ...[20, 7, 1, 11].map((n) => ({ value: { user: 'a', n } })));
  expect(values(driver)).toEqual(['many 20', 'many 11', 'some 7']);
  expect(values(driver, other)).toEqual(['rest 1']);
});

test('a flatMap above a keyBy keys each of its values, and a record that fails leaves nothing behind', () => {
  const topology = new Topology();
  topology
    .stream(clicks)
    .flatMap(({ user, n }) => Array.from({ length: n }, (_, at) => ({ user, at })))
    .map((one, { key }) => ({ ...one, from: key }))
    .keyBy(({ user, at }) => {
      if (at === 2) throw new Error('three is too many');
      return `${user}${at}`;
    })
    .map(({ from }, { key, timestamp_ms }) => `${from} ${key} ${timestamp_ms}`)
    .to(out);
  const driver = new TopologyDriver(topology);
  driver.pipe(clicks, ...[2, 3, 1].map((n) => ({ key: 'k', value: { user: 'a', n }, timestamp_ms: 5 })));
  expect(values(driver)).toEqual(['k a0 5', 'k a1 5', 'k a0 5']);
  expect(driver.rejected).toEqual([
    expect.objectContaining({ operator: 'keyBy', value: { user: 'a', n: 3 }, timestamp_ms: 5 }),
  ]);
});

test('a table over all time changes with each record and can be asked; a change of it can be waited for', () => {
  const topology = new Topology();
  const counted = topology
    .stream(clicks)
    .keyBy(({ user }) => user)
    .count({ name: 'clicks by user' });
  counted.to(out);
  counted.suppress({ wait_ms: 10 }).to(other);
  const driver = new TopologyDriver(topology);
  for (const [timestamp_ms, user] of ['a', 'b', 'a', 'a'].entries())
    driver.pipe(clicks, { value: { user, n: 1 }, timestamp_ms });
  expect(values(driver)).toEqual([1, 1, 2, 3]);
  expect([...driver.store('clicks by user').entries()]).toEqual([
    ['a', 3],
    ['b', 1],
  ]);
  driver.advanceWatermark(9);
  expect(values(driver, other)).toEqual([]);
  driver.advanceWatermark(11);
  expect(driver.read(other).map(({ key, value }) => [key, value])).toEqual([
    ['a', 3],
    ['b', 1],
  ]);
});

const change = (op: string, before: object | null, after: object | null) => ({ op, before, after });
const rowSchema = z.object({ id: z.string(), depot: z.string() });
const vehicles = {
  name: 'cdc.fleet.vehicles',
  schema: z.object({ op: z.string(), before: rowSchema.partial().nullable(), after: rowSchema.nullable() }),
};
const depots = { name: 'depots', schema: z.object({ city: z.string() }) };

test('a topic of changes is a table of rows; a foreign key follows both sides', () => {
  const topology = new Topology();
  topology
    .table(vehicles)
    .joinForeign(
      topology.table(depots),
      ({ depot }) => depot,
      ({ id }, { city }) => `${id} in ${city}`,
    )
    .named('places')
    .to(out);
  const driver = new TopologyDriver(topology);
  const car = (key: string, depot: string | null, op = 'c') =>
    driver.pipe(vehicles, { key, value: change(op, null, depot === null ? null : { id: key, depot }) as never });
  car('v1', 'd1');
  car('v2', 'd1');
  expect(values(driver)).toEqual([]);
  driver.pipe(depots, { key: 'd1', value: { city: 'Ulm' } });
  expect(values(driver)).toEqual(['v1 in Ulm', 'v2 in Ulm']);
  driver.pipe(depots, { key: 'd2', value: { city: 'Bonn' } });
  car('v1', 'd2', 'u');
  expect(values(driver)).toEqual(['v1 in Bonn']);
  driver.pipe(depots, { key: 'd1', value: { city: 'Neu-Ulm' } });
  expect(values(driver)).toEqual(['v2 in Neu-Ulm']);
  car('v2', null, 'd');
  // The tombstone behind the delete says it again.
  driver.pipe(vehicles, { key: 'v2', value: null });
  driver.pipe(depots, { key: 'd2', value: null });
  expect(values(driver)).toEqual([null, null]);
  expect(driver.store('places').size).toBe(0);
  expect(driver.rejected).toEqual([]);
});

const prices = { name: 'prices', schema: z.object({ price: z.number() }) };

test('a look-up finds the row as it was at the event time of the record, also out of order', () => {
  const topology = new Topology();
  topology
    .stream(clicks, { out_of_orderness_ms: 100 })
    .keyBy(({ page = '' }) => page)
    .leftJoinTable(
      topology
        .stream(prices, { out_of_orderness_ms: 100 })
        .keyBy(() => 'p')
        .toTable(),
      (_click, row) => row?.price ?? null,
    )
    .to(out);
  const driver = new TopologyDriver(topology);
  const at = (timestamp_ms: number) => ({ value: { user: 'a', page: 'p', n: 1 }, timestamp_ms });
  driver.pipe(prices, { value: { price: 10 }, timestamp_ms: 10 }, { value: { price: 30 }, timestamp_ms: 30 });
  driver.pipe(clicks, at(35), at(29), at(10), at(9));
  driver.pipe(prices, { value: { price: 20 }, timestamp_ms: 20 });
  driver.pipe(clicks, at(29), at(30));
  expect(values(driver)).toEqual([30, 10, 10, null, 20, 30]);
});

test('a global table is looked up by any key of the value', () => {
  const topology = new Topology();
  const names = topology.globalTable(prices);
  topology
    .stream(clicks)
    .joinGlobal(
      names,
      ({ user }) => user,
      ({ n }, row) => n * (row?.price ?? 0),
    )
    .to(out);
  const driver = new TopologyDriver(topology);
  driver.pipe(prices, { key: 'a', value: { price: 3 } });
  driver.pipe(clicks, { key: 'x', value: { user: 'a', n: 2 } }, { key: 'x', value: { user: 'b', n: 2 } });
  expect(values(driver)).toEqual([6, 0]);
});

test('early results show a window as it grows, and the last one says that it is final', () => {
  const topology = new Topology();
  topology
    .stream(clicks)
    .keyBy(({ user }) => user)
    .window(window.hopping({ size_ms: 10, hop_ms: 5 }), { results: 'early' })
    .sum(({ n }) => n)
    .map(({ start_ms, value, final }) => `${start_ms} ${value}${final ? ' final' : ''}`)
    .to(out);
  const driver = new TopologyDriver(topology);
  driver.pipe(clicks, { value: { user: 'a', n: 1 }, timestamp_ms: 3 });
  expect(values(driver)).toEqual(['-5 1', '0 1']);
  driver.pipe(clicks, { value: { user: 'a', n: 2 }, timestamp_ms: 7 });
  expect(values(driver)).toEqual(['0 3', '5 2', '-5 1 final']);
  driver.advanceWatermark(15);
  expect(values(driver)).toEqual(['0 3 final', '5 2 final']);
});

test('a sink takes what its schema takes, and the compiler refuses anything else', () => {
  const topology = new Topology();
  const stream = topology.stream(clicks).map(({ n }) => n);
  stream.to(out);
  // @ts-expect-error A number is not a click.
  stream.to(clicks);
  const driver = new TopologyDriver(topologyOfNumbers());
  expect(() => driver.pipe(clicks, { value: { user: 'a', n: 1 } })).toThrow('expected string');
});

/** One whose values don't fit their topic at run time, which the compiler can't see. */
function topologyOfNumbers(): Topology {
  const topology = new Topology();
  topology
    .stream(clicks)
    .map(({ n }) => n as unknown as string)
    .to({ name: 'texts', schema: z.string() });
  return topology;
}

test('a topology is drawn with every operator and edge, and as a Mermaid chart', () => {
  const topology = new Topology();
  const counted = topology
    .stream(clicks)
    .filter(({ n }) => n > 0, { name: 'only real ones' })
    .keyBy(({ user }) => user)
    .window(window.tumbling({ size_ms: 10 }))
    .count();
  counted.to(out);
  counted.late.to(other);
  expect(topology.describe()).toBe(
    [
      'clicks (stream)',
      'only real ones (filter) <- clicks',
      'keyBy (keyBy) <- only real ones',
      'tumbling (tumbling: size 10 ms, hop 10 ms, grace 0 ms) <- keyBy',
      'to out (to) <- tumbling',
      'to other (to) <- tumbling#1',
    ].join('\n'),
  );
  expect(topology.describe('mermaid')).toContain('n3["tumbling<br>size 10 ms, hop 10 ms, grace 0 ms"]');
  expect(topology.describe('mermaid')).toContain('n3 -- 1 --> n5');
});

describe('bad input', () => {
  const coded = (code: string) => expect.objectContaining({ code }) as Error;

  test.each([
    ['a window of zero', () => window.tumbling({ size_ms: 0 })],
    ['a negative grace', () => window.session({ gap_ms: 1, grace_ms: -1 })],
    ['half a millisecond', () => window.sliding({ size_ms: 0.5 })],
    ['a hop that leaves gaps', () => window.hopping({ size_ms: 5, hop_ms: 6 })],
    ['a join without a time', () => joinOf({})],
    ['a join with a time that is none', () => joinOf({ within_ms: Number.NaN })],
    ['a negative lateness', () => new Topology().stream(clicks, { out_of_orderness_ms: -1 })],
  ])('%s is refused with the option', (_what, make) => {
    expect(make).toThrow(coded('NL-STR-002'));
  });

  function joinOf(near: { within_ms?: number }) {
    const stream = new Topology().stream(clicks);
    return stream.join(stream, () => 0, near);
  }

  test('two operators of one name are refused', () => {
    const named = new Topology().stream(clicks).filter(() => true, { name: 'x' });
    expect(() => named.map(() => 1, { name: 'x' })).toThrow(coded('NL-STR-001'));
  });

  test('a circle through a topic is refused', () => {
    const topology = new Topology();
    topology.stream(clicks).to(clicks);
    expect(() => new TopologyDriver(topology)).toThrow(coded('NL-STR-003'));
  });

  test('a join of topics with different partition counts is refused, until one is keyed anew', () => {
    const topology = new Topology();
    const wide = topology.stream({ ...clicks, name: 'wide', partitions: 3 });
    const narrow = topology.stream(clicks);
    expect(() => narrow.join(wide, () => 0, { within_ms: 1 })).toThrow(coded('NL-STR-007'));
    expect(() =>
      narrow.join(
        wide.keyBy(({ user }) => user),
        () => 0,
        { within_ms: 1 },
      ),
    ).not.toThrow();
  });

  test('a topic or store that it does not have is an error, a value that does not fit its schema too', () => {
    const topology = new Topology();
    topology.stream(clicks).to(out);
    const driver = new TopologyDriver(topology);
    expect(() => driver.pipe(other, { value: 1 })).toThrow(coded('NL-STR-008'));
    expect(() => driver.store('nothing')).toThrow(coded('NL-STR-008'));
    expect(() => driver.pipe(clicks, { value: { user: 1 } as never })).toThrow('expected string');
  });

  const counting = () => {
    const topology = new Topology();
    topology
      .stream(clicks, { timestamp_ms: ({ n }) => n, max_ahead_ms: 100 })
      .keyBy(({ page }) => page as string)
      .window(window.tumbling({ size_ms: 10 }))
      .count()
      .to(out);
    return new TopologyDriver(topology, { start_ms: 1_000 });
  };

  test('a key that is missing goes to the rejected records with the operator, the others go on', () => {
    const driver = counting();
    driver.pipe(clicks, { value: { user: 'a', n: 1_000 } }, { value: { user: 'a', page: 'p', n: 1_000 } });
    driver.advanceWatermark(1_010);
    expect(values(driver)).toEqual([expect.objectContaining({ value: 1 })]);
    expect(driver.rejected).toEqual([expect.objectContaining({ operator: 'keyBy', error: coded('NL-STR-004') })]);
  });

  test('a time ahead of the epoch is rejected; one far in the future moves no watermark; both are counted', () => {
    const driver = counting();
    driver.pipe(clicks, { value: { user: 'a', page: 'p', n: -1 } }, { value: { user: 'a', page: 'p', n: 1_101 } });
    expect(driver.watermark_ms).toBe(Number.NEGATIVE_INFINITY);
    driver.pipe(clicks, { value: { user: 'a', page: 'p', n: 1_100 } });
    expect(driver.watermark_ms).toBe(1_100);
    expect(driver.rejected).toEqual([expect.objectContaining({ operator: 'clicks', error: coded('NL-STR-005') })]);
    expect(driver.sourceCounts(clicks)).toEqual({ records: 3, bad_time: 1, ahead: 1, tombstones: 0 });
  });

  test('a value that is not a number is rejected by its aggregate, and the window goes on without it', () => {
    const topology = new Topology();
    topology
      .stream(clicks)
      .keyBy(({ user }) => user)
      .window(window.session({ gap_ms: 5 }))
      .sum(({ n, page }) => (page === undefined ? n : Number.NaN), { name: 'total' })
      .to(out);
    const driver = new TopologyDriver(topology);
    driver.pipe(clicks, { value: { user: 'a', n: 2 } }, { value: { user: 'a', page: 'p', n: 3 } });
    driver.advanceWatermark(6);
    expect(values(driver)).toEqual([expect.objectContaining({ value: 2 })]);
    expect(driver.rejected).toEqual([expect.objectContaining({ operator: 'total', error: coded('NL-STR-006') })]);
  });
});
