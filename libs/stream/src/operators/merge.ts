import { Batch, visitInOrder } from '../engine/batch';
import type { Operator, OperatorContext } from '../engine/operator';

/** Puts several streams together, in the order of the input. */
export class MergeOperator implements Operator {
  readonly outputs: readonly Batch[];
  readonly #output = new Batch();

  constructor(private readonly context: OperatorContext) {
    this.outputs = [this.#output];
  }

  run(): void {
    const output = this.#output;
    output.clear();
    visitInOrder(this.context.inputs, (input, index) => {
      const batch = this.context.inputs[input];
      if (batch === undefined) return;
      output.at(batch.timeAt(index), batch.positionAt(index)).push(batch.keys[index], batch.values[index]);
    });
  }
}

/** Gives each record to the first branch that wants it. */
export class BranchOperator implements Operator {
  readonly outputs: readonly Batch[];

  constructor(
    private readonly context: OperatorContext,
    private readonly wants: readonly ((value: unknown) => boolean)[],
  ) {
    // The last one takes what nobody wanted.
    this.outputs = [...wants.map(() => new Batch()), new Batch()];
  }

  run(): void {
    for (const output of this.outputs) output.clear();
    const [input] = this.context.inputs;
    if (input === undefined) return;
    for (let index = 0; index < input.size; index += 1) {
      const value = input.values[index];
      const timestamp_ms = input.timeAt(index);
      const key = input.keys[index];
      try {
        const wanted = this.wants.findIndex((wants) => wants(value));
        const output = this.outputs.at(wanted);
        output?.at(timestamp_ms, input.positionAt(index)).push(key, value);
      } catch (error) {
        this.context.reject({ operator: this.context.name, key, value, timestamp_ms, error });
      }
    }
  }
}
