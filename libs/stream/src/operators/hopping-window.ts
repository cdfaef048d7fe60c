import type { Aggregate } from '../aggregates/aggregate';
import { Batch } from '../engine/batch';
import { onlyInput, type Operator, type OperatorContext } from '../engine/operator';
import type { StateMap } from '../engine/state';
import type { Step } from '../engine/step';
import type { HoppingWindow, WindowResult } from '../topology/windows';
import { checkedKey } from './checked-key';

type Pane<Acc> = Map<unknown, Acc>;

const NEVER = Number.POSITIVE_INFINITY;

const greatestCommonDivisor = (a: number, b: number): number => (b === 0 ? a : greatestCommonDivisor(b, a % b));

export interface WindowOptions {
  readonly aggregate: Aggregate<unknown, object, unknown>;
  /** Early gives a result with each record too, with `final: false`. */
  readonly results: 'final' | 'early';
}

/**
 * Tumbling and hopping windows. Records are added up once, in panes that no window's border cuts; a window that closes
 * merges its panes. So a hop of a fifth of the size costs one update for each record, not five.
 */
export class HoppingWindowOperator implements Operator {
  readonly outputs: readonly Batch[];
  readonly #input: Batch;
  readonly #results = new Batch();
  readonly #late = new Batch();
  readonly #panes: StateMap<number, Pane<object>>;
  readonly #next: { end_ms: number };
  readonly #pane_ms: number;
  /** Starts of the panes that are held, ascending. */
  #starts: number[] = [];
  /** End of the next window that will close. */
  #next_end_ms = NEVER;
  /** The pane of the last record: most often that of the next one, too. */
  #open_start_ms = Number.NaN;
  #open: Pane<object> = new Map();

  constructor(
    private readonly context: OperatorContext,
    private readonly window: HoppingWindow,
    private readonly options: WindowOptions,
  ) {
    this.#input = onlyInput(context);
    this.outputs = [this.#results, this.#late];
    this.#pane_ms = greatestCommonDivisor(window.size_ms, window.hop_ms);
    this.#panes = context.state.map(`${context.name}/panes`);
    this.#next = context.state.cell(`${context.name}/next`, () => ({ end_ms: NEVER }));
  }

  restored(): void {
    this.#starts = [...this.#panes.keys()].sort((a, b) => a - b);
    this.#open_start_ms = Number.NaN;
    this.#next_end_ms = this.#next.end_ms;
  }

  run(step: Step): void {
    const input = this.#input;
    const { delay_ms } = this.context;
    this.#results.clear();
    this.#late.clear();
    for (let index = 0; index < input.size; index += 1) {
      const watermark_ms = step.before(input.positionAt(index)) - delay_ms;
      if (watermark_ms >= this.#next_end_ms + this.window.grace_ms) this.#close(step, watermark_ms);
      this.#take(index, watermark_ms);
    }
    const watermark_ms = step.end - delay_ms;
    if (watermark_ms >= this.#next_end_ms + this.window.grace_ms) this.#close(step, watermark_ms);
    this.#next.end_ms = this.#next_end_ms;
  }

  #take(index: number, watermark_ms: number): void {
    const input = this.#input;
    const time_ms = input.timeAt(index);
    const key = input.keys[index];
    const value = input.values[index];
    if (time_ms < watermark_ms && this.#isLate(index, watermark_ms)) return;
    const start_ms = time_ms - (time_ms % this.#pane_ms);
    if (start_ms !== this.#open_start_ms) this.#openPane(start_ms, watermark_ms);
    const pane = this.#open;
    const { aggregate } = this.options;
    try {
      let acc = pane.get(key);
      if (acc === undefined) {
        acc = aggregate.create();
        aggregate.add(acc, value, time_ms);
        pane.set(checkedKey(this.context.name, key), acc);
      } else {
        aggregate.add(acc, value, time_ms);
      }
    } catch (error) {
      this.context.reject({ operator: this.context.name, key, value, timestamp_ms: time_ms, error });
      return;
    }
    if (this.options.results === 'early') this.#giveEarly(index, watermark_ms);
  }

  /** Only for records behind the watermark. */
  #isLate(index: number, watermark_ms: number): boolean {
    const input = this.#input;
    const time_ms = input.timeAt(index);
    const { grace_ms } = this.window;
    if (this.#firstEnd(time_ms) + grace_ms > watermark_ms) return false;
    if (this.#lastEnd(time_ms) + grace_ms > watermark_ms) {
      this.context.late('some');
      return false;
    }
    this.context.late('all');
    this.#late.at(time_ms, input.positionAt(index)).push(input.keys[index], input.values[index]);
    return true;
  }

  /** End of the last window that a time lies in. */
  #lastEnd(time_ms: number): number {
    return time_ms - (time_ms % this.window.hop_ms) + this.window.size_ms;
  }

  /** End of the first window that a time lies in. */
  #firstEnd(time_ms: number): number {
    const { hop_ms } = this.window;
    const last_end_ms = this.#lastEnd(time_ms);
    return last_end_ms - hop_ms * Math.floor((last_end_ms - time_ms - 1) / hop_ms);
  }

  #openPane(start_ms: number, watermark_ms: number): void {
    let pane = this.#panes.get(start_ms);
    if (pane === undefined) {
      pane = new Map();
      this.#panes.set(start_ms, pane);
      let at = this.#starts.length;
      while (at > 0 && (this.#starts[at - 1] as number) > start_ms) at -= 1;
      this.#starts.splice(at, 0, start_ms);
      this.#next_end_ms = Math.min(this.#next_end_ms, this.#firstOpenEnd(start_ms, watermark_ms));
    }
    this.#open = pane;
    this.#open_start_ms = start_ms;
  }

  /** The first window over a pane that isn't closed at this watermark. */
  #firstOpenEnd(start_ms: number, watermark_ms: number): number {
    const { hop_ms, grace_ms } = this.window;
    const first_end_ms = this.#firstEnd(start_ms);
    const behind_ms = watermark_ms - grace_ms - first_end_ms;
    return behind_ms < 0 ? first_end_ms : first_end_ms + hop_ms * (Math.floor(behind_ms / hop_ms) + 1);
  }

  #close(step: Step, watermark_ms: number): void {
    const { size_ms, hop_ms, grace_ms } = this.window;
    while (this.#next_end_ms + grace_ms <= watermark_ms) {
      const end_ms = this.#next_end_ms;
      this.#results.at(end_ms - 1, step.crossing(end_ms + grace_ms + this.context.delay_ms));
      for (const [key, acc] of this.#contents(end_ms)) this.#give({ key, acc, end_ms, final: true });
      this.#next_end_ms = end_ms + hop_ms;
      for (let start_ms = this.#starts[0]; start_ms !== undefined; start_ms = this.#starts[0]) {
        if (start_ms >= this.#next_end_ms - size_ms) break;
        this.#panes.delete(start_ms);
        this.#starts.shift();
        if (start_ms === this.#open_start_ms) this.#open_start_ms = Number.NaN;
      }
      const [oldest_ms] = this.#starts;
      // Over a time without records it steps in one go.
      this.#next_end_ms = oldest_ms === undefined ? NEVER : Math.max(this.#next_end_ms, this.#firstEnd(oldest_ms));
    }
  }

  /** What a window holds, by key in the order in which the keys came. */
  #contents(end_ms: number): Iterable<readonly [unknown, object]> {
    const { size_ms } = this.window;
    const { aggregate } = this.options;
    if (this.#pane_ms === size_ms) return this.#panes.get(end_ms - size_ms) ?? [];
    const merged = new Map<unknown, object>();
    for (const start_ms of this.#starts) {
      if (start_ms >= end_ms) break;
      if (start_ms < end_ms - size_ms) continue;
      for (const [key, acc] of this.#panes.get(start_ms) ?? []) {
        let into = merged.get(key);
        if (into === undefined) {
          into = aggregate.create();
          merged.set(key, into);
        }
        aggregate.merge(into, acc);
      }
    }
    return merged;
  }

  #giveEarly(index: number, watermark_ms: number): void {
    const input = this.#input;
    const { size_ms, hop_ms, grace_ms } = this.window;
    const { aggregate } = this.options;
    const time_ms = input.timeAt(index);
    const key = input.keys[index];
    for (let end_ms = this.#firstEnd(time_ms); end_ms <= this.#lastEnd(time_ms); end_ms += hop_ms) {
      if (end_ms + grace_ms <= watermark_ms) continue;
      const acc = aggregate.create();
      for (const start_ms of this.#starts) {
        const part =
          start_ms >= end_ms - size_ms && start_ms < end_ms ? this.#panes.get(start_ms)?.get(key) : undefined;
        if (part !== undefined) aggregate.merge(acc, part);
      }
      this.#results.at(end_ms - 1, input.positionAt(index));
      this.#give({ key, acc, end_ms, final: false });
    }
  }

  #give({ key, acc, end_ms, final }: { key: unknown; acc: object; end_ms: number; final: boolean }): void {
    const value = this.options.aggregate.result(acc);
    const result: WindowResult<unknown> = { start_ms: end_ms - this.window.size_ms, end_ms, value, final };
    this.#results.push(key, result);
  }
}
