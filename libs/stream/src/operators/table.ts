import { Batch, visitInOrder } from '../engine/batch';
import { onlyInput, type Operator, type OperatorContext } from '../engine/operator';
import type { StateMap } from '../engine/state';
import type { AnyAggregate } from '../aggregates/aggregate';
import { checkedKey } from './checked-key';

/** Keeps the last value of each key under a name. `null` takes the key away. What it gives on is what it was given. */
export class TableOperator implements Operator {
  readonly outputs: readonly Batch[];
  readonly #output = new Batch();
  readonly #input: Batch;
  readonly #rows: StateMap<unknown, unknown>;

  constructor(
    private readonly context: OperatorContext,
    store: string,
  ) {
    this.#input = onlyInput(context);
    this.outputs = [this.#output];
    this.#rows = context.state.map(store);
  }

  run(): void {
    const input = this.#input;
    const { name } = this.context;
    this.#output.clear();
    for (let index = 0; index < input.size; index += 1) {
      const key = input.keys[index];
      const value = input.values[index] ?? null;
      const timestamp_ms = input.timeAt(index);
      try {
        if (value === null) this.#rows.delete(checkedKey(name, key));
        else this.#rows.set(checkedKey(name, key), value);
        this.#output.at(timestamp_ms, input.positionAt(index)).push(key, value);
      } catch (error) {
        this.context.reject({ operator: name, key, value, timestamp_ms, error });
      }
    }
  }
}

/** An aggregate over all time: a table that changes with each record. */
export class TableAggregateOperator implements Operator {
  readonly outputs: readonly Batch[];
  readonly #output = new Batch();
  readonly #input: Batch;
  readonly #accs: StateMap<unknown, object>;
  /** What {@link TopologyDriver} and queries read. */
  readonly #rows: StateMap<unknown, unknown>;

  constructor(
    private readonly context: OperatorContext,
    private readonly aggregate: AnyAggregate,
    store: string,
  ) {
    this.#input = onlyInput(context);
    this.outputs = [this.#output];
    this.#accs = context.state.map(`${context.name}/accumulators`);
    this.#rows = context.state.map(store);
  }

  run(): void {
    const input = this.#input;
    const { name } = this.context;
    this.#output.clear();
    for (let index = 0; index < input.size; index += 1) {
      const key = input.keys[index];
      const value = input.values[index];
      const timestamp_ms = input.timeAt(index);
      try {
        const acc = this.#accs.get(key) ?? this.aggregate.create();
        this.aggregate.add(acc, value, timestamp_ms);
        this.#accs.set(checkedKey(name, key), acc);
        const result = this.aggregate.result(acc);
        this.#rows.set(key, result);
        this.#output.at(timestamp_ms, input.positionAt(index)).push(key, result);
      } catch (error) {
        this.context.reject({ operator: name, key, value, timestamp_ms, error });
      }
    }
  }
}

export type JoinKind = 'inner' | 'left' | 'outer';

export interface TableJoinOptions {
  readonly kind: JoinKind;
  /** Which row of the right one a left row wants; its own key when absent. */
  readonly foreignKey?: (value: unknown) => unknown;
  readonly join: (left: unknown, right: unknown) => unknown;
}

/** Two tables as one, by key or by a foreign key of the left one: every change of either changes the rows that it touches. */
export class TableJoinOperator implements Operator {
  readonly outputs: readonly Batch[];
  readonly #output = new Batch();
  readonly #left: StateMap<unknown, unknown>;
  readonly #right: StateMap<unknown, unknown>;
  /** Left keys by the right key that they want, when that is another one. */
  readonly #wanted: StateMap<unknown, Set<unknown>>;
  /** Left keys that have a row in the result: those get a `null` when it goes. */
  readonly #given: StateMap<unknown, true>;

  constructor(
    private readonly context: OperatorContext,
    private readonly options: TableJoinOptions,
  ) {
    this.outputs = [this.#output];
    this.#left = context.state.map(`${context.name}/left`);
    this.#right = context.state.map(`${context.name}/right`);
    this.#wanted = context.state.map(`${context.name}/wanted`);
    this.#given = context.state.map(`${context.name}/given`);
  }

  run(): void {
    this.#output.clear();
    visitInOrder(this.context.inputs, (side, index) => {
      const input = this.context.inputs[side];
      if (input === undefined) return;
      const key = input.keys[index];
      const value = input.values[index] ?? null;
      const timestamp_ms = input.timeAt(index);
      const before = this.#output.size;
      this.#output.at(timestamp_ms, input.positionAt(index));
      try {
        checkedKey(this.context.name, key);
        if (side === 0) this.#changeLeft(key, value);
        else this.#changeRight(key, value);
      } catch (error) {
        this.#output.size = before;
        this.context.reject({ operator: this.context.name, key, value, timestamp_ms, error });
      }
    });
  }

  #changeLeft(key: unknown, value: unknown): void {
    const { foreignKey } = this.options;
    if (foreignKey !== undefined) {
      const wants = value === null ? undefined : checkedKey(this.context.name, foreignKey(value));
      const old = this.#left.get(key);
      if (old !== undefined) this.#forget(foreignKey(old), key);
      if (wants !== undefined) {
        const wanting = this.#wanted.get(wants);
        if (wanting === undefined) this.#wanted.set(wants, new Set([key]));
        else wanting.add(key);
      }
    }
    if (value === null) this.#left.delete(key);
    else this.#left.set(key, value);
    this.#give(key);
  }

  #forget(wants: unknown, key: unknown): void {
    const wanting = this.#wanted.get(wants);
    wanting?.delete(key);
    if (wanting?.size === 0) this.#wanted.delete(wants);
  }

  #changeRight(key: unknown, value: unknown): void {
    if (value === null) this.#right.delete(key);
    else this.#right.set(key, value);
    if (this.options.foreignKey === undefined) this.#give(key);
    else for (const left of this.#wanted.get(key) ?? []) this.#give(left);
  }

  /** The row of a key as it is now. */
  #give(key: unknown): void {
    const { kind, foreignKey, join } = this.options;
    const left = this.#left.get(key);
    const right = this.#right.get(foreignKey === undefined ? key : left === undefined ? undefined : foreignKey(left));
    const exists =
      kind === 'inner'
        ? left !== undefined && right !== undefined
        : kind === 'left'
          ? left !== undefined
          : left !== undefined || right !== undefined;
    if (exists) {
      this.#output.push(key, join(left, right));
      this.#given.set(key, true);
    } else if (this.#given.delete(key)) {
      this.#output.push(key, null);
    }
  }
}
