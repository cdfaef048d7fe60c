import { Batch } from '../engine/batch';
import { onlyInput, type Operator, type OperatorContext } from '../engine/operator';
import type { StateMap } from '../engine/state';
import type { Step } from '../engine/step';
import { emptyTimerHeap, TimerQueue } from '../engine/timer-queue';
import type { SessionWindow, WindowResult } from '../topology/windows';
import { checkedKey } from './checked-key';
import type { WindowOptions } from './hopping-window';

interface Session {
  readonly key: unknown;
  first_ms: number;
  last_ms: number;
  readonly acc: object;
  /** Merged into another one, or closed. */
  over: boolean;
}

/** Sessions: one timer for each, set where it would close now; when it comes and the session has grown, it is set again. */
export class SessionWindowOperator implements Operator {
  readonly outputs: readonly Batch[];
  readonly #input: Batch;
  readonly #results = new Batch();
  readonly #late = new Batch();
  /** Open sessions by key. Nearly always one. */
  readonly #sessions: StateMap<unknown, Session[]>;
  readonly #timers: TimerQueue<Session>;

  constructor(
    private readonly context: OperatorContext,
    private readonly window: SessionWindow,
    private readonly options: WindowOptions,
  ) {
    this.#input = onlyInput(context);
    this.outputs = [this.#results, this.#late];
    this.#sessions = context.state.map(`${context.name}/sessions`);
    this.#timers = new TimerQueue(context.state.cell(`${context.name}/timers`, () => emptyTimerHeap<Session>()));
  }

  run(step: Step): void {
    const input = this.#input;
    const { delay_ms } = this.context;
    this.#results.clear();
    this.#late.clear();
    for (let index = 0; index < input.size; index += 1) {
      const watermark_ms = step.before(input.positionAt(index)) - delay_ms;
      if (watermark_ms >= this.#timers.first_ms) this.#close(step, watermark_ms);
      this.#take(index, watermark_ms);
    }
    const watermark_ms = step.end - delay_ms;
    if (watermark_ms >= this.#timers.first_ms) this.#close(step, watermark_ms);
  }

  #take(index: number, watermark_ms: number): void {
    const input = this.#input;
    const time_ms = input.timeAt(index);
    const key = input.keys[index];
    const value = input.values[index];
    const { aggregate } = this.options;
    try {
      const open = this.#sessions.get(key);
      let session = open && this.#sessionAt(open, time_ms);
      if (session === undefined) {
        if (this.#closesAt(time_ms) <= watermark_ms) {
          this.context.late('all');
          this.#late.at(time_ms, input.positionAt(index)).push(key, value);
          return;
        }
        session = {
          key: checkedKey(this.context.name, key),
          first_ms: time_ms,
          last_ms: time_ms,
          acc: aggregate.create(),
          over: false,
        };
        aggregate.add(session.acc, value, time_ms);
        if (open === undefined) this.#sessions.set(key, [session]);
        else open.push(session);
        this.#timers.add(this.#closesAt(time_ms), session);
      } else {
        aggregate.add(session.acc, value, time_ms);
        if (time_ms > session.last_ms) session.last_ms = time_ms;
        else if (time_ms < session.first_ms) session.first_ms = time_ms;
      }
      if (open !== undefined && open.length > 1) session = this.#join(open, session);
      if (this.options.results === 'early') this.#give(session, input.positionAt(index), false);
    } catch (error) {
      this.context.reject({ operator: this.context.name, key, value, timestamp_ms: time_ms, error });
    }
  }

  #sessionAt(open: readonly Session[], time_ms: number): Session | undefined {
    const { gap_ms } = this.window;
    for (const session of open) {
      if (time_ms >= session.first_ms - gap_ms && time_ms <= session.last_ms + gap_ms) return session;
    }
    return undefined;
  }

  /** The watermark at which a session with this last record is final. */
  #closesAt(last_ms: number): number {
    return last_ms + this.window.gap_ms + this.window.grace_ms + 1;
  }

  /** A session has grown: those that it reaches now become a part of the one that began first. */
  #join(open: Session[], grown: Session): Session {
    const { gap_ms } = this.window;
    const reached = open
      .filter((one) => one.first_ms <= grown.last_ms + gap_ms && one.last_ms >= grown.first_ms - gap_ms)
      .sort((a, b) => a.first_ms - b.first_ms);
    const [first = grown, ...others] = reached;
    for (const other of others) {
      this.options.aggregate.merge(first.acc, other.acc);
      first.last_ms = Math.max(first.last_ms, other.last_ms);
      other.over = true;
      open.splice(open.indexOf(other), 1);
    }
    return first;
  }

  #close(step: Step, watermark_ms: number): void {
    while (this.#timers.first_ms <= watermark_ms) {
      const timer = this.#timers.take();
      if (timer === undefined || timer.item.over) continue;
      const session = timer.item;
      const due_ms = this.#closesAt(session.last_ms);
      if (due_ms > timer.at_ms) {
        this.#timers.add(due_ms, session);
        continue;
      }
      this.#give(session, step.crossing(due_ms + this.context.delay_ms), true);
      session.over = true;
      const open = this.#sessions.get(session.key) ?? [];
      if (open.length > 1) open.splice(open.indexOf(session), 1);
      else this.#sessions.delete(session.key);
    }
  }

  #give(session: Session, position: number, final: boolean): void {
    const { key, first_ms, last_ms, acc } = session;
    const end_ms = last_ms + this.window.gap_ms;
    const value = this.options.aggregate.result(acc);
    const result: WindowResult<unknown> = { start_ms: first_ms, end_ms, value, final };
    this.#results.at(end_ms - 1, position).push(key, result);
  }
}
