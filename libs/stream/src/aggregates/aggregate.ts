import { NervelineError } from '@nerveline/kernel';

/**
 * Adds values up. The accumulator is a plain object (it is part of snapshots) that is changed in place, so that adding
 * allocates nothing; `merge` must give what adding all values of both would have given.
 */
export interface Aggregate<V, Acc extends object, R> {
  create(): Acc;
  /** Throws ahead of changing anything when it can't take the value. */
  add(acc: Acc, value: V, timestamp_ms: number): void;
  /** Takes `from` into `into` and leaves `from` as it is. */
  merge(into: Acc, from: Acc): void;
  result(acc: Acc): R;
}

/** The aggregate as operators see it. */
export type AnyAggregate = Aggregate<unknown, object, unknown>;

/** @throws NervelineError `NL-STR-006` when it isn't a finite number */
export function finite(value: number): number {
  if (Number.isFinite(value)) return value;
  throw new NervelineError('NL-STR-006', { detail: `an aggregate was given ${String(value)}` });
}
