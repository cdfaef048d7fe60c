import { Batch, visitInOrder } from '../engine/batch';
import type { Operator, OperatorContext } from '../engine/operator';
import type { StateMap } from '../engine/state';
import type { Step } from '../engine/step';
import { emptyTimerHeap, TimerQueue } from '../engine/timer-queue';
import { checkedKey } from './checked-key';
import type { JoinKind } from './table';

export interface StreamJoinOptions {
  readonly kind: JoinKind;
  /** How much older than the left record the right one may be. */
  readonly before_ms: number;
  /** How much younger. */
  readonly after_ms: number;
  readonly grace_ms: number;
  readonly join: (left: unknown, right: unknown) => unknown;
}

interface Waiting {
  readonly side: 0 | 1;
  readonly key: unknown;
  readonly value: unknown;
  readonly time_ms: number;
  matched: boolean;
}

/**
 * Records of two streams with one key whose times are near each other. Each record waits for partners until the watermark
 * says that none can come; one that found none is given alone then, if the kind says so.
 */
export class StreamJoinOperator implements Operator {
  readonly outputs: readonly Batch[];
  readonly #output = new Batch();
  readonly #late = new Batch();
  readonly #waiting: readonly [StateMap<unknown, Waiting[]>, StateMap<unknown, Waiting[]>];
  readonly #timers: TimerQueue<Waiting>;

  constructor(
    private readonly context: OperatorContext,
    private readonly options: StreamJoinOptions,
  ) {
    this.outputs = [this.#output, this.#late];
    this.#waiting = [context.state.map(`${context.name}/left`), context.state.map(`${context.name}/right`)];
    this.#timers = new TimerQueue(context.state.cell(`${context.name}/timers`, () => emptyTimerHeap<Waiting>()));
  }

  run(step: Step): void {
    const { inputs, delay_ms } = this.context;
    this.#output.clear();
    this.#late.clear();
    visitInOrder(inputs, (input, index) => {
      const batch = inputs[input];
      if (batch === undefined) return;
      const watermark_ms = step.before(batch.positionAt(index)) - delay_ms;
      this.#expire(step, watermark_ms);
      const before = this.#output.size;
      try {
        this.#take({ batch, index, side: input === 0 ? 0 : 1, watermark_ms });
      } catch (error) {
        this.#output.size = before;
        const timestamp_ms = batch.timeAt(index);
        const { name } = this.context;
        this.context.reject({
          operator: name,
          key: batch.keys[index],
          value: batch.values[index],
          timestamp_ms,
          error,
        });
      }
    });
    this.#expire(step, step.end - delay_ms);
  }

  #take(record: { batch: Batch; index: number; side: 0 | 1; watermark_ms: number }): void {
    const { batch, index, side, watermark_ms } = record;
    const time_ms = batch.timeAt(index);
    const key = batch.keys[index];
    const value = batch.values[index];
    const expires_ms = this.#expiresAt(side, time_ms);
    if (expires_ms <= watermark_ms) {
      this.context.late('all');
      this.#late.at(time_ms, batch.positionAt(index)).push(key, value);
      return;
    }
    if (time_ms + this.options.grace_ms < watermark_ms) this.context.late('some');
    const own: Waiting = { side, key: checkedKey(this.context.name, key), value, time_ms, matched: false };
    for (const other of this.#waiting[side === 0 ? 1 : 0].get(key) ?? []) {
      const [left, right] = side === 0 ? [own, other] : [other, own];
      if (right.time_ms < left.time_ms - this.options.before_ms) continue;
      if (right.time_ms > left.time_ms + this.options.after_ms) continue;
      this.#output.at(Math.max(time_ms, other.time_ms), batch.positionAt(index));
      this.#output.push(key, this.options.join(left.value, right.value));
      own.matched = true;
      other.matched = true;
    }
    const waiting = this.#waiting[side].get(key);
    if (waiting === undefined) this.#waiting[side].set(key, [own]);
    else waiting.push(own);
    this.#timers.add(expires_ms, own);
  }

  /** The watermark at which no partner can come any more. */
  #expiresAt(side: 0 | 1, time_ms: number): number {
    const { before_ms, after_ms, grace_ms } = this.options;
    return time_ms + (side === 0 ? after_ms : before_ms) + grace_ms + 1;
  }

  #expire(step: Step, watermark_ms: number): void {
    while (this.#timers.first_ms <= watermark_ms) {
      const timer = this.#timers.take();
      if (timer === undefined) return;
      const { side, key, value, time_ms, matched } = timer.item;
      const waiting = this.#waiting[side].get(key) ?? [];
      if (waiting.length > 1) waiting.splice(waiting.indexOf(timer.item), 1);
      else this.#waiting[side].delete(key);
      const { kind, join } = this.options;
      if (matched || kind === 'inner' || (kind === 'left' && side === 1)) continue;
      this.#output.at(time_ms, step.crossing(timer.at_ms + this.context.delay_ms));
      try {
        this.#output.push(key, side === 0 ? join(value, undefined) : join(undefined, value));
      } catch (error) {
        this.context.reject({ operator: this.context.name, key, value, timestamp_ms: time_ms, error });
      }
    }
  }
}
