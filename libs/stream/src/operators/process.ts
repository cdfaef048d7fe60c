import { Batch } from '../engine/batch';
import { onlyInput, type Operator, type OperatorContext } from '../engine/operator';
import type { StateMap } from '../engine/state';
import type { Step } from '../engine/step';
import { emptyTimerHeap, TimerQueue } from '../engine/timer-queue';
import { checkedKey } from './checked-key';

/** What a processor works with, during one call. */
export interface ProcessContext<K, State, Out> {
  readonly key: K;
  /** Event time of the record, or the time for which the timer was set. */
  readonly timestamp_ms: number;
  /** How far time has come: no record in time is older. */
  readonly watermark_ms: number;
  /** What was kept for this key; undefined at first. Plain data. */
  readonly state: State | undefined;
  keep(state: State): void;
  forget(): void;
  /** Calls `onTimer` when the watermark reaches this time; at once, behind this record, when it has. */
  setTimer(at_ms: number): void;
  emit(value: Out): void;
  /** Gives the record in hand to the late side output, and counts it. */
  late(): void;
}

/** Logic with state and timers, for what the other operators can't say. */
export interface Processor<K, V, State, Out> {
  onRecord(value: V, context: ProcessContext<K, State, Out>): void;
  onTimer?(context: ProcessContext<K, State, Out>): void;
}

/** Runs a processor for each key. */
export class ProcessOperator implements Operator, ProcessContext<unknown, unknown, unknown> {
  readonly outputs: readonly Batch[];
  readonly #input: Batch;
  readonly #output = new Batch();
  readonly #late = new Batch();
  readonly #states: StateMap<unknown, unknown>;
  readonly #timers: TimerQueue<{ readonly key: unknown }>;
  #position = 0;
  #value: unknown;

  key: unknown = null;
  timestamp_ms = 0;
  watermark_ms = 0;
  state: unknown;

  constructor(
    private readonly context: OperatorContext,
    private readonly processor: Processor<unknown, unknown, unknown, unknown>,
  ) {
    this.#input = onlyInput(context);
    this.outputs = [this.#output, this.#late];
    this.#states = context.state.map(`${context.name}/state`);
    this.#timers = new TimerQueue(context.state.cell(`${context.name}/timers`, () => emptyTimerHeap()));
  }

  run(step: Step): void {
    const input = this.#input;
    const { delay_ms, name } = this.context;
    this.#output.clear();
    this.#late.clear();
    this.#position = 0;
    for (let index = 0; index < input.size; index += 1) {
      const position = input.positionAt(index);
      const watermark_ms = step.before(position) - delay_ms;
      this.#fire(step, watermark_ms);
      this.#position = position;
      this.timestamp_ms = input.timeAt(index);
      this.watermark_ms = watermark_ms;
      this.#value = input.values[index];
      try {
        this.#enter(checkedKey(name, input.keys[index]));
        this.processor.onRecord(this.#value, this);
      } catch (error) {
        const { timestamp_ms } = this;
        this.context.reject({ operator: name, key: input.keys[index], value: this.#value, timestamp_ms, error });
      }
      // Timers for a time that has been, behind the record that set them.
      this.#fire(step, watermark_ms);
    }
    this.#fire(step, step.end - delay_ms);
  }

  keep(state: unknown): void {
    this.state = state;
    this.#states.set(this.key, state);
  }

  forget(): void {
    this.state = undefined;
    this.#states.delete(this.key);
  }

  setTimer(at_ms: number): void {
    this.#timers.add(at_ms, { key: this.key });
  }

  emit(value: unknown): void {
    this.#output.at(this.timestamp_ms, this.#position).push(this.key, value);
  }

  late(): void {
    this.context.late('all');
    this.#late.at(this.timestamp_ms, this.#position).push(this.key, this.#value);
  }

  #enter(key: unknown): void {
    this.key = key;
    this.state = this.#states.get(key);
  }

  #fire(step: Step, watermark_ms: number): void {
    while (this.#timers.first_ms <= watermark_ms) {
      const timer = this.#timers.take();
      if (timer === undefined) return;
      this.#position = Math.max(this.#position, step.crossing(timer.at_ms + this.context.delay_ms));
      this.timestamp_ms = timer.at_ms;
      // Not the step's watermark: that depends on where steps are cut.
      this.watermark_ms = Math.max(this.watermark_ms, timer.at_ms);
      this.#enter(timer.item.key);
      try {
        this.processor.onTimer?.(this);
      } catch (error) {
        const { key, timestamp_ms } = this;
        this.context.reject({ operator: this.context.name, key, value: null, timestamp_ms, error });
      }
    }
  }
}
