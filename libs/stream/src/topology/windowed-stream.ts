import * as aggregates from '../aggregates/aggregates';
import type { Aggregate, AnyAggregate } from '../aggregates/aggregate';
import { HoppingWindowOperator, type WindowOptions } from '../operators/hopping-window';
import { SessionWindowOperator } from '../operators/session-window';
import { SlidingWindowOperator } from '../operators/sliding-window';
import type { Named } from './graph-builder';
import { untyped, type Key, type Place } from './place';
import type { LateStream } from './stream';
import { checkedOption, type Window, type WindowResult } from './windows';

/** Records of each key in their windows, not yet added up. */
export class WindowedStream<K, V> {
  constructor(
    private readonly place: Place,
    private readonly of: Window,
    private readonly results: 'final' | 'early',
  ) {}

  aggregate<Acc extends object, R>(
    aggregate: Aggregate<V, Acc, R>,
    { name }: Named = {},
  ): LateStream<K, WindowResult<R>, V> {
    const options: WindowOptions = { aggregate: untyped<AnyAggregate>(aggregate), results: this.results };
    const { of, place } = this;
    const node = place.graph.operator({
      kind: of.kind,
      ...(name === undefined ? {} : { name }),
      inputs: [place.outlet],
      create: () => (context) =>
        of.kind === 'session'
          ? new SessionWindowOperator(context, of, options)
          : of.kind === 'sliding'
            ? new SlidingWindowOperator(context, of, options)
            : new HoppingWindowOperator(context, of, options),
      // Closes behind the watermark's millisecond where the last bound is part of the window.
      delay_ms: of.grace_ms + (of.kind === 'session' || of.kind === 'sliding' ? 1 : 0),
      detail: Object.entries(of)
        .filter(([option]) => option.endsWith('_ms'))
        .map(([option, ms]) => `${option.replace('_ms', '')} ${ms} ms`)
        .join(', '),
    });
    return place.make.late({ ...place, outlet: { node, output: 0 } }, { node, output: 1 });
  }

  count(options?: Named): LateStream<K, WindowResult<number>, V> {
    return this.aggregate(aggregates.count(), options);
  }

  sum(of: (value: V) => number, options?: Named): LateStream<K, WindowResult<number>, V> {
    return this.aggregate(aggregates.sum(of), options);
  }

  avg(of: (value: V) => number, options?: Named): LateStream<K, WindowResult<number>, V> {
    return this.aggregate(aggregates.avg(of), options);
  }

  min(of: (value: V) => number, options?: Named): LateStream<K, WindowResult<number>, V> {
    return this.aggregate(aggregates.min(of), options);
  }

  max(of: (value: V) => number, options?: Named): LateStream<K, WindowResult<number>, V> {
    return this.aggregate(aggregates.max(of), options);
  }

  /** Those with the highest score; with `ties`, also all that equal the last of them. */
  topN(
    n: number,
    score: (value: V) => number,
    options: Named & { readonly ties?: boolean } = {},
  ): LateStream<K, WindowResult<readonly V[]>, V> {
    return this.aggregate(aggregates.topN(checkedOption('n', n, 1), score, options), options);
  }

  distinct(of: (value: V) => Key, options?: Named): LateStream<K, WindowResult<number>, V> {
    return this.aggregate(aggregates.distinct(of), options);
  }

  approximateDistinct(
    of: (value: V) => string | number,
    options: Named & { readonly precision?: number } = {},
  ): LateStream<K, WindowResult<number>, V> {
    return this.aggregate(aggregates.approximateDistinct(of, options), options);
  }

  quantiles(
    of: (value: V) => number,
    shares: readonly number[],
    options: Named & { readonly error?: number } = {},
  ): LateStream<K, WindowResult<readonly number[]>, V> {
    return this.aggregate(aggregates.quantiles(of, shares, options), options);
  }

  reduce(combine: (a: V, b: V) => V, options?: Named): LateStream<K, WindowResult<V>, V> {
    return this.aggregate(aggregates.reduce(combine), options);
  }
}
