import { checkedOption } from '../topology/windows';
import { finite, type Aggregate } from './aggregate';

const DEFAULT_PRECISION = 12;

/** FNV-1a over UTF-16 units, then murmur3's finalizer, so that every bit depends on every unit. */
function hash(text: string, seed: number): number {
  let h = 0x811c9dc5 ^ seed;
  for (let at = 0; at < text.length; at += 1) h = Math.imul(h ^ text.charCodeAt(at), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/**
 * About how many different ones there are, in `2^precision` bytes: HyperLogLog (Flajolet et al. 2007) with linear counting
 * for few. The standard error is `1.04 / sqrt(2^precision)`, 1.6 % by default.
 */
export function approximateDistinct<V>(
  of: (value: V) => string | number,
  { precision = DEFAULT_PRECISION }: { readonly precision?: number } = {},
): Aggregate<V, { registers: Uint8Array }, number> {
  checkedOption('precision', precision, 4);
  checkedOption('18 - precision', 18 - precision, 2);
  const size = 2 ** precision;
  return {
    create: () => ({ registers: new Uint8Array(size) }),
    add: ({ registers }, value) => {
      const text = String(of(value));
      // Two words: one chooses the register, the other one's leading zeros are counted. 32 bits alone collide.
      const register = hash(text, 0) & (size - 1);
      const rank = Math.clz32(hash(text, 0x9e3779b9)) + 1;
      if (rank > (registers[register] as number)) registers[register] = rank;
    },
    merge: (into, from) => {
      for (const [at, rank] of from.registers.entries()) {
        if (rank > (into.registers[at] as number)) into.registers[at] = rank;
      }
    },
    result: ({ registers }) => {
      let sum = 0;
      let empty = 0;
      for (const rank of registers) {
        sum += 2 ** -rank;
        if (rank === 0) empty += 1;
      }
      const estimate = ((0.7213 / (1 + 1.079 / size)) * size * size) / sum;
      return Math.round(estimate <= 2.5 * size && empty > 0 ? size * Math.log(size / empty) : estimate);
    },
  };
}

interface Sketch {
  readonly positive: Map<number, number>;
  readonly negative: Map<number, number>;
  zero: number;
  n: number;
}

const addTo = (buckets: Map<number, number>, bucket: number, n: number) =>
  buckets.set(bucket, (buckets.get(bucket) ?? 0) + n);

/**
 * Quantiles with a relative error of at most `error` (default 1 %), whatever the distribution: DDSketch (Masson et al.
 * 2019), buckets that grow by a factor. Merging loses nothing.
 */
export function quantiles<V>(
  of: (value: V) => number,
  shares: readonly number[],
  { error = 0.01 }: { readonly error?: number } = {},
): Aggregate<V, Sketch, readonly number[]> {
  const growth = (1 + error) / (1 - error);
  const log_growth = Math.log(growth);
  const bucketOf = (size: number) => Math.ceil(Math.log(size) / log_growth);
  const middleOf = (bucket: number) => (2 * growth ** bucket) / (growth + 1);
  const valueAt = ({ positive, negative, zero }: Sketch, rank: number): number => {
    let left = rank;
    const largestFirst = [...negative].sort(([a], [b]) => b - a);
    for (const [bucket, n] of largestFirst) if ((left -= n) < 0) return -middleOf(bucket);
    if ((left -= zero) < 0) return 0;
    for (const [bucket, n] of [...positive].sort(([a], [b]) => a - b)) if ((left -= n) < 0) return middleOf(bucket);
    return Number.NaN;
  };
  return {
    create: () => ({ positive: new Map(), negative: new Map(), zero: 0, n: 0 }),
    add: (acc, value) => {
      const number = finite(of(value));
      if (number > 0) addTo(acc.positive, bucketOf(number), 1);
      else if (number < 0) addTo(acc.negative, bucketOf(-number), 1);
      else acc.zero += 1;
      acc.n += 1;
    },
    merge: (into, from) => {
      for (const [bucket, n] of from.positive) addTo(into.positive, bucket, n);
      for (const [bucket, n] of from.negative) addTo(into.negative, bucket, n);
      into.zero += from.zero;
      into.n += from.n;
    },
    // Nearest rank.
    result: (acc) => shares.map((share) => valueAt(acc, Math.max(0, Math.ceil(share * acc.n) - 1))),
  };
}
