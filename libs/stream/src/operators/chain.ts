import { NervelineError } from '@nerveline/kernel';
import { Batch } from '../engine/batch';
import { isKey, onlyInput, type Operator, type OperatorContext } from '../engine/operator';

/** What a function of the user's learns about the record besides its value. Valid only during the call. */
export interface RecordContext<K = unknown> {
  readonly key: K;
  /** Event time. */
  readonly timestamp_ms: number;
}

/** The record in hand: one object for the life of a chain. */
interface Cursor {
  key: unknown;
  timestamp_ms: number;
  /** Name of the step at work, for a record that fails. */
  step: string;
}

type Next = (value: unknown) => void;
/** A step without state: closes over the next one, so that a chain is calls and nothing else. */
export type ChainStep = (name: string, cursor: Cursor, next: Next) => Next;

type Callback<R> = (value: unknown, context: RecordContext) => R;

export const filterStep =
  (keep: Callback<boolean>): ChainStep =>
  (name, cursor, next) =>
  (value) => {
    cursor.step = name;
    if (keep(value, cursor)) next(value);
  };

export const mapStep =
  (change: Callback<unknown>): ChainStep =>
  (name, cursor, next) =>
  (value) => {
    cursor.step = name;
    next(change(value, cursor));
  };

export const flatMapStep =
  (spread: Callback<Iterable<unknown>>): ChainStep =>
  (name, cursor, next) =>
  (value) => {
    cursor.step = name;
    for (const one of spread(value, cursor)) next(one);
  };

export const keyStep =
  (keyOf: Callback<unknown>): ChainStep =>
  (name, cursor, next) =>
  (value) => {
    cursor.step = name;
    const before = cursor.key;
    const key = keyOf(value, cursor);
    if (!isKey(key)) throw new NervelineError('NL-STR-004', { detail: `${name} gives the key ${String(key)}` });
    cursor.key = key;
    next(value);
    // A flatMap above goes on with its next value under the key that it had.
    cursor.key = before;
  };

/** Filters, maps and keys in one pass over the batch, without a batch between them. */
export class ChainOperator implements Operator {
  readonly outputs: readonly Batch[];
  readonly #input: Batch;
  readonly #output = new Batch();
  readonly #cursor: Cursor = { key: null, timestamp_ms: 0, step: '' };
  readonly #first: Next;

  constructor(
    private readonly context: OperatorContext,
    steps: readonly { readonly name: string; readonly step: ChainStep }[],
  ) {
    this.#input = onlyInput(context);
    this.outputs = [this.#output];
    const output = this.#output;
    const cursor = this.#cursor;
    this.#first = steps.reduceRight<Next>(
      (next, { name, step }) => step(name, cursor, next),
      (value) => output.push(cursor.key, value),
    );
  }

  run(): void {
    const input = this.#input;
    const output = this.#output;
    const cursor = this.#cursor;
    const first = this.#first;
    output.clear();
    for (let index = 0; index < input.size; index += 1) {
      const before = output.size;
      cursor.key = input.keys[index];
      cursor.timestamp_ms = input.timeAt(index);
      output.at(cursor.timestamp_ms, input.positionAt(index));
      try {
        first(input.values[index]);
      } catch (error) {
        // All that comes of a record or nothing.
        output.size = before;
        this.context.reject({
          operator: cursor.step,
          key: input.keys[index],
          value: input.values[index],
          timestamp_ms: input.timeAt(index),
          error,
        });
      }
    }
  }
}
