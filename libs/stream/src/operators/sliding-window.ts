import { Batch } from '../engine/batch';
import { onlyInput, type Operator, type OperatorContext } from '../engine/operator';
import type { StateMap } from '../engine/state';
import type { Step } from '../engine/step';
import { emptyTimerHeap, TimerQueue } from '../engine/timer-queue';
import type { SlidingWindow, WindowResult } from '../topology/windows';
import { checkedKey } from './checked-key';
import type { WindowOptions } from './hopping-window';

interface KeyRecords {
  /** By time, those of one time in the order in which they came. */
  readonly times_ms: number[];
  readonly values: unknown[];
  /** Ends of windows that wait to be closed. */
  readonly ends_ms: Set<number>;
}

/** The first index whose time is above the bound. */
function upperBound(times_ms: readonly number[], bound_ms: number): number {
  let low = 0;
  let high = times_ms.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times_ms[middle] as number) <= bound_ms) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Sliding windows over the records of a key, which are kept for as long as a window may need them. */
export class SlidingWindowOperator implements Operator {
  readonly outputs: readonly Batch[];
  readonly #input: Batch;
  readonly #results = new Batch();
  readonly #late = new Batch();
  readonly #records: StateMap<unknown, KeyRecords>;
  readonly #timers: TimerQueue<{ readonly key: unknown; readonly end_ms: number }>;

  constructor(
    private readonly context: OperatorContext,
    private readonly window: SlidingWindow,
    private readonly options: WindowOptions,
  ) {
    this.#input = onlyInput(context);
    this.outputs = [this.#results, this.#late];
    this.#records = context.state.map(`${context.name}/records`);
    this.#timers = new TimerQueue(context.state.cell(`${context.name}/timers`, () => emptyTimerHeap()));
  }

  run(step: Step): void {
    const input = this.#input;
    this.#results.clear();
    this.#late.clear();
    for (let index = 0; index < input.size; index += 1) {
      const watermark_ms = step.before(input.positionAt(index)) - this.context.delay_ms;
      this.#close(step, watermark_ms);
      try {
        this.#take(index, watermark_ms);
      } catch (error) {
        const { name } = this.context;
        const timestamp_ms = input.timeAt(index);
        this.context.reject({
          operator: name,
          key: input.keys[index],
          value: input.values[index],
          timestamp_ms,
          error,
        });
      }
    }
    this.#close(step, step.end - this.context.delay_ms);
  }

  #take(index: number, watermark_ms: number): void {
    const input = this.#input;
    const time_ms = input.timeAt(index);
    const key = input.keys[index];
    const value = input.values[index];
    const { size_ms, grace_ms } = this.window;
    if (time_ms + size_ms + grace_ms < watermark_ms) {
      this.context.late('all');
      this.#late.at(time_ms, input.positionAt(index)).push(key, value);
      return;
    }
    if (time_ms + grace_ms < watermark_ms) this.context.late('some');
    // Fails for a value that the aggregate refuses, ahead of keeping it.
    this.options.aggregate.add(this.options.aggregate.create(), value, time_ms);
    let records = this.#records.get(key);
    if (records === undefined) {
      records = { times_ms: [], values: [], ends_ms: new Set() };
      this.#records.set(checkedKey(this.context.name, key), records);
    }
    const at = upperBound(records.times_ms, time_ms);
    records.times_ms.splice(at, 0, time_ms);
    records.values.splice(at, 0, value);
    for (const end_ms of [time_ms, time_ms + 1 + size_ms]) {
      if (end_ms + grace_ms < watermark_ms || records.ends_ms.has(end_ms)) continue;
      records.ends_ms.add(end_ms);
      this.#timers.add(end_ms + grace_ms + 1, { key, end_ms });
    }
    if (this.options.results === 'early') this.#giveEarly(index, records);
  }

  #close(step: Step, watermark_ms: number): void {
    while (this.#timers.first_ms <= watermark_ms) {
      const timer = this.#timers.take();
      if (timer === undefined) return;
      const { key, end_ms } = timer.item;
      const records = this.#records.get(key);
      if (records === undefined) continue;
      this.#results.at(end_ms, step.crossing(timer.at_ms + this.context.delay_ms));
      this.#give({ key, records, end_ms, final: true });
      records.ends_ms.delete(end_ms);
      // Windows of this key that close later end later.
      const gone = upperBound(records.times_ms, end_ms - this.window.size_ms);
      records.times_ms.splice(0, gone);
      records.values.splice(0, gone);
      if (records.ends_ms.size === 0) this.#records.delete(key);
    }
  }

  /** Every open window that the record lies in, as it is now. */
  #giveEarly(index: number, records: KeyRecords): void {
    const time_ms = this.#input.timeAt(index);
    const ends_ms = [...records.ends_ms].filter((end) => end >= time_ms && end - this.window.size_ms <= time_ms);
    for (const end_ms of ends_ms.sort((a, b) => a - b)) {
      this.#results.at(end_ms, this.#input.positionAt(index));
      this.#give({ key: this.#input.keys[index], records, end_ms, final: false });
    }
  }

  #give(of: { key: unknown; records: KeyRecords; end_ms: number; final: boolean }): void {
    const { key, records, end_ms, final } = of;
    const { aggregate } = this.options;
    const start_ms = end_ms - this.window.size_ms;
    const until = upperBound(records.times_ms, end_ms);
    const from = upperBound(records.times_ms, start_ms - 1);
    if (from === until) return;
    const acc = aggregate.create();
    for (let at = from; at < until; at += 1) aggregate.add(acc, records.values[at], records.times_ms[at] as number);
    const result: WindowResult<unknown> = { start_ms, end_ms, value: aggregate.result(acc), final };
    this.#results.push(key, result);
  }
}
