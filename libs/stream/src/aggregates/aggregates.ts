import { finite, type Aggregate } from './aggregate';
import { addExactly, emptySum, mergeExactly, readSum, type ExactSum } from './exact-sum';

/** How many records. */
export const count = (): Aggregate<unknown, { n: number }, number> => ({
  create: () => ({ n: 0 }),
  add: (acc) => {
    acc.n += 1;
  },
  merge: (into, from) => {
    into.n += from.n;
  },
  result: ({ n }) => n,
});

/** The sum, rounded once at the end, so that it doesn't depend on the order. */
export const sum = <V>(of: (value: V) => number): Aggregate<V, ExactSum, number> => ({
  create: emptySum,
  add: (acc, value) => addExactly(acc, finite(of(value))),
  merge: mergeExactly,
  result: readSum,
});

/** The mean; NaN never comes out, since a window without a record has no result. */
export const avg = <V>(of: (value: V) => number): Aggregate<V, { n: number; sum: ExactSum }, number> => ({
  create: () => ({ n: 0, sum: emptySum() }),
  add: (acc, value) => {
    addExactly(acc.sum, finite(of(value)));
    acc.n += 1;
  },
  merge: (into, from) => {
    mergeExactly(into.sum, from.sum);
    into.n += from.n;
  },
  result: (acc) => readSum(acc.sum) / acc.n,
});

const extreme = <V>(of: (value: V) => number, pick: (a: number, b: number) => number, none: number) => ({
  create: () => ({ best: none }),
  add: (acc: { best: number }, value: V) => {
    acc.best = pick(acc.best, finite(of(value)));
  },
  merge: (into: { best: number }, from: { best: number }) => {
    into.best = pick(into.best, from.best);
  },
  result: ({ best }: { best: number }) => best,
});

/** The least number. */
export const min = <V>(of: (value: V) => number): Aggregate<V, { best: number }, number> =>
  extreme(of, Math.min, Number.POSITIVE_INFINITY);

/** The greatest number. */
export const max = <V>(of: (value: V) => number): Aggregate<V, { best: number }, number> =>
  extreme(of, Math.max, Number.NEGATIVE_INFINITY);

interface Ranked<V> {
  readonly values: V[];
  readonly scores: number[];
}

/**
 * The n values with the highest score, highest first; of equal ones, the one that came first. With `ties`, also all whose
 * score equals that of the last one.
 */
export function topN<V>(
  n: number,
  score: (value: V) => number,
  options: { readonly ties?: boolean } = {},
): Aggregate<V, Ranked<V>, readonly V[]> {
  const insert = ({ values, scores }: Ranked<V>, value: V, of: number): void => {
    const last = scores[n - 1];
    if (last !== undefined && (of < last || (of === last && options.ties !== true))) return;
    let at = scores.length;
    while (at > 0 && (scores[at - 1] as number) < of) at -= 1;
    scores.splice(at, 0, of);
    values.splice(at, 0, value);
    const bound = options.ties === true ? (scores[n - 1] ?? of) : Number.POSITIVE_INFINITY;
    while (scores.length > n && (scores.at(-1) as number) < bound) {
      scores.pop();
      values.pop();
    }
  };
  return {
    create: () => ({ values: [], scores: [] }),
    add: (acc, value) => insert(acc, value, finite(score(value))),
    merge: (into, from) => {
      for (const [at, value] of from.values.entries()) insert(into, value, from.scores[at] as number);
    },
    result: ({ values }) => [...values],
  };
}

/** How many different ones there are, exactly: keeps each of them. */
export const distinct = <V>(
  of: (value: V) => string | number | bigint | boolean,
): Aggregate<V, Set<string | number | bigint | boolean>, number> => ({
  create: () => new Set(),
  add: (acc, value) => {
    acc.add(of(value));
  },
  merge: (into, from) => {
    for (const one of from) into.add(one);
  },
  result: ({ size }) => size,
});

/** All values, in the order in which they came. */
export const collect = <V>(): Aggregate<V, V[], readonly V[]> => ({
  create: () => [],
  add: (acc, value) => {
    acc.push(value);
  },
  merge: (into, from) => {
    for (const value of from) into.push(value);
  },
  result: (acc) => [...acc],
});

/** Makes one value of two, again and again. Must not care where the brackets stand: `(a + b) + c = a + (b + c)`. */
export const reduce = <V>(combine: (a: V, b: V) => V): Aggregate<V, { value: V | undefined; any: boolean }, V> => ({
  create: () => ({ value: undefined, any: false }),
  add: (acc, value) => {
    acc.value = acc.any ? combine(acc.value as V, value) : value;
    acc.any = true;
  },
  merge: (into, from) => {
    if (from.any) into.value = into.any ? combine(into.value as V, from.value as V) : from.value;
    into.any ||= from.any;
  },
  result: ({ value }) => value as V,
});

export { approximateDistinct, quantiles } from './sketches';
