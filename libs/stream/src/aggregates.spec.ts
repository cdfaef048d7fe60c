import fc from 'fast-check';
import { aggregates, type Aggregate } from './index';

function resultOf<V, R>(aggregate: Aggregate<V, object, R>, values: readonly V[]): R {
  const acc = aggregate.create();
  for (const value of values) aggregate.add(acc, value, 0);
  return aggregate.result(acc);
}

/** In parts that are merged, as panes and sessions are. */
function mergedResultOf<V, R>(aggregate: Aggregate<V, object, R>, parts: readonly (readonly V[])[]): R {
  const all = aggregate.create();
  for (const part of parts) {
    const acc = aggregate.create();
    for (const value of part) aggregate.add(acc, value, 0);
    const before = structuredClone(acc);
    aggregate.merge(all, acc);
    // A pane is merged into several windows.
    expect(acc).toEqual(before);
  }
  return aggregate.result(all);
}

const itself = (value: number) => value;
const numbers = fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e9, max: 1e9 });
const all: readonly (readonly [string, Aggregate<number, object, unknown>])[] = [
  ['count', aggregates.count()],
  ['sum', aggregates.sum(itself)],
  ['avg', aggregates.avg(itself)],
  ['min', aggregates.min(itself)],
  ['max', aggregates.max(itself)],
  ['topN', aggregates.topN(3, itself)],
  ['topN with ties', aggregates.topN(2, (value) => Math.round(value / 1e9), { ties: true })],
  ['distinct', aggregates.distinct(itself)],
  ['approximateDistinct', aggregates.approximateDistinct(itself)],
  ['quantiles', aggregates.quantiles(itself, [0, 0.5, 0.99, 1])],
  ['collect', aggregates.collect<number>()],
  ['reduce', aggregates.reduce<number>((a, b) => Math.max(a, b))],
] as const;

test.each(all)(
  '%s over parts that are merged is that over the whole, and leaves the parts alone',
  (_name, aggregate) => {
    fc.assert(
      fc.property(fc.array(fc.array(numbers), { minLength: 1 }), (parts) => {
        fc.pre(parts.flat().length > 0);
        expect(mergedResultOf(aggregate, parts)).toEqual(resultOf(aggregate, parts.flat()));
      }),
    );
  },
);

test('a sum is the same in any order, also where floating-point addition is not', () => {
  const sum = aggregates.sum(itself);
  expect(resultOf(sum, [1e100, 1, -1e100])).toBe(1);
  expect(
    resultOf(
      sum,
      Array.from({ length: 10 }, () => 0.1),
    ),
  ).toBe(1);
  fc.assert(
    fc.property(fc.array(numbers), fc.infiniteStream(fc.nat()), (values, keys) => {
      const shuffled = values
        .map((value) => ({ value, key: keys.next().value as number }))
        .sort((a, b) => a.key - b.key);
      expect(
        resultOf(
          sum,
          shuffled.map(({ value }) => value),
        ),
      ).toBe(resultOf(sum, values));
    }),
  );
});

test('whole numbers are summed exactly beyond 2^53 and rounded once', () => {
  expect(resultOf(aggregates.sum(itself), [2 ** 53, 1, 1])).toBe(2 ** 53 + 2);
});

test.each([Number.NaN, Number.POSITIVE_INFINITY])('%d is refused and leaves the accumulator as it was', (value) => {
  for (const make of [aggregates.sum, aggregates.avg, aggregates.min, aggregates.max]) {
    const aggregate = make(itself) as Aggregate<number, object, number>;
    const acc = aggregate.create();
    aggregate.add(acc, 4, 0);
    expect(() => aggregate.add(acc, value, 0)).toThrow(expect.objectContaining({ code: 'NL-STR-006' }));
    expect(aggregate.result(acc)).toBe(4);
  }
});

test('topN keeps the highest, of equals the first, and all that equal the last one when ties are wanted', () => {
  const values = [
    { id: 1, size: 5 },
    { id: 2, size: 9 },
    { id: 3, size: 5 },
    { id: 4, size: 1 },
    { id: 5, size: 5 },
  ];
  const ids = (options?: { ties: boolean }) =>
    resultOf(
      aggregates.topN(2, ({ size }: (typeof values)[number]) => size, options),
      values,
    ).map(({ id }) => id);
  expect(ids()).toEqual([2, 1]);
  expect(ids({ ties: true })).toEqual([2, 1, 3, 5]);
});

test('approximateDistinct is within four standard errors from ten to a hundred thousand', () => {
  for (const different of [10, 1_000, 100_000]) {
    const found = resultOf(
      aggregates.approximateDistinct(String),
      Array.from({ length: different }, (_, n) => n * 7),
    );
    expect(Math.abs(found - different)).toBeLessThanOrEqual(Math.max(1, different * 4 * 0.01625));
  }
});

test('quantiles are within one percent of the nearest rank, also below zero', () => {
  fc.assert(
    fc.property(fc.array(numbers, { minLength: 1 }), fc.double({ min: 0, max: 1, noNaN: true }), (values, share) => {
      const rank = Math.max(0, Math.ceil(share * values.length) - 1);
      const exact = values.toSorted((a, b) => a - b)[rank] ?? 0;
      const [found = Number.NaN] = resultOf(aggregates.quantiles(itself, [share]), values);
      expect(Math.abs(found - exact)).toBeLessThanOrEqual(Math.abs(exact) * 0.01 + 1e-300);
    }),
  );
});
