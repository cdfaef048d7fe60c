import { Batch, visitInOrder } from '../engine/batch';
import type { Operator, OperatorContext } from '../engine/operator';
import type { StateMap } from '../engine/state';
import type { Step } from '../engine/step';
import { checkedKey } from './checked-key';

export interface LookupJoinOptions {
  readonly kind: 'inner' | 'left';
  /** Which row a record wants; that of its own key when absent. */
  readonly keyOf?: (value: unknown) => unknown;
  readonly join: (value: unknown, row: unknown) => unknown;
}

interface Version {
  readonly from_ms: number;
  readonly row: unknown;
}

/**
 * A stream that looks rows of a table up as they were at the record's event time. Versions of a row are kept for as long
 * as the watermark lets records in that may want them, so a record that comes out of order finds its own past.
 */
export class LookupJoinOperator implements Operator {
  readonly outputs: readonly Batch[];
  readonly #output = new Batch();
  readonly #versions: StateMap<unknown, Version[]>;

  constructor(
    private readonly context: OperatorContext,
    private readonly options: LookupJoinOptions,
  ) {
    this.outputs = [this.#output];
    this.#versions = context.state.map(`${context.name}/versions`);
  }

  run(step: Step): void {
    const { inputs, name } = this.context;
    this.#output.clear();
    visitInOrder(inputs, (side, index) => {
      const batch = inputs[side];
      if (batch === undefined) return;
      const timestamp_ms = batch.timeAt(index);
      const key = batch.keys[index];
      const value = batch.values[index];
      try {
        if (side === 0) this.#lookUp(batch, index);
        else this.#change(key, { from_ms: timestamp_ms, row: value ?? null }, step.before(batch.positionAt(index)));
      } catch (error) {
        this.context.reject({ operator: name, key, value, timestamp_ms, error });
      }
    });
  }

  #lookUp(batch: Batch, index: number): void {
    const { kind, keyOf, join } = this.options;
    const value = batch.values[index];
    const time_ms = batch.timeAt(index);
    const wanted = keyOf === undefined ? checkedKey(this.context.name, batch.keys[index]) : keyOf(value);
    const versions = this.#versions.get(wanted) ?? [];
    let at = versions.length - 1;
    while (at >= 0 && (versions[at] as Version).from_ms > time_ms) at -= 1;
    const row = versions[at]?.row ?? undefined;
    if (row === undefined && kind === 'inner') return;
    this.#output.at(time_ms, batch.positionAt(index)).push(batch.keys[index], join(value, row));
  }

  #change(key: unknown, version: Version, watermark_ms: number): void {
    const versions = this.#versions.get(checkedKey(this.context.name, key)) ?? [];
    let at = versions.length;
    while (at > 0 && (versions[at - 1] as Version).from_ms > version.from_ms) at -= 1;
    versions.splice(at, 0, version);
    // Of those that no record in time can want, only the newest is needed.
    const horizon_ms = watermark_ms - this.context.delay_ms;
    let gone = 0;
    while (gone + 1 < versions.length && (versions[gone + 1] as Version).from_ms <= horizon_ms) gone += 1;
    versions.splice(0, gone);
    if (versions.length === 1 && versions[0]?.row === null && versions[0].from_ms <= horizon_ms)
      this.#versions.delete(key);
    else this.#versions.set(key, versions);
  }
}
