import { NervelineError } from '@nerveline/kernel';
import type { Effects } from '../ports/consumer';
import type { DeadlineWatch, Expiring } from './deadline-watch';
import type { Job } from './job';
import type { Lane } from './lanes';
import type { RecordContext, Unsettled } from './options';
import type { ProcessorSettings } from './settings';

/** Who hears of a call's end. One for all calls: a few functions for each would cost as much as the record. */
export interface RunListener {
  done(run: HandlerRun, effects: Effects | void): void;
  failed(run: HandlerRun, error: unknown): void;
  unsettled(run: HandlerRun): Unsettled;
}

/** One call of the handler. What comes after its deadline is dropped, whatever it is. */
export class HandlerRun implements RecordContext, Expiring {
  readonly attempt: number;
  expires_ms = 0;
  #abort: AbortController | undefined;
  #cut_ms = 0;
  #state: 'running' | 'over' | 'cut' | 'cut_and_over' = 'running';

  constructor(
    readonly jobs: readonly Job[],
    readonly lane: Lane,
    private readonly watch: DeadlineWatch,
    private readonly listener: RunListener,
  ) {
    this.attempt = (jobs[0]?.attempts ?? 0) + 1;
  }

  get deadline_ms(): number {
    return this.expires_ms;
  }

  /** Made when somebody asks: few do. */
  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController();
      if (this.was_cut) this.#abort.abort(this.#cutError());
    }
    return this.#abort.signal;
  }

  get payloads(): readonly unknown[] {
    return this.jobs.map(({ payload }) => payload);
  }

  get was_cut(): boolean {
    return this.#state === 'cut' || this.#state === 'cut_and_over';
  }

  /**
   * It was cut off and hasn't ended: a second call for its key waits, for as long again. One that never ends would keep
   * its key waiting for ever otherwise; what it does outside of the log has the signal to look at.
   */
  get lingers(): boolean {
    return this.#state === 'cut' && this.watch.now_ms() < this.#cut_ms + this.watch.deadline_ms;
  }

  heartbeat(): void {
    if (this.#state === 'running') this.watch.add(this);
  }

  unsettled(): Unsettled {
    return this.listener.unsettled(this);
  }

  start(handler: ProcessorSettings['handler']): void {
    let result: Promise<Effects | void> | Effects | void;
    try {
      result = this.#call(handler);
    } catch (error) {
      this.#state = 'over';
      this.listener.failed(this, error);
      return;
    }
    if (!(result instanceof Promise)) {
      this.#state = 'over';
      this.listener.done(this, result);
      return;
    }
    this.watch.add(this);
    result.then(
      (effects) => {
        if (this.#isWaitedFor()) this.listener.done(this, effects);
        this.watch.delete(this);
      },
      (error: unknown) => {
        if (this.#isWaitedFor()) this.listener.failed(this, error);
        this.watch.delete(this);
      },
    );
  }

  expire(): void {
    this.cut(this.#cutError());
  }

  /** Nobody waits for it any more. */
  cut(error: unknown): void {
    if (this.#state !== 'running') return;
    this.#state = 'cut';
    this.#cut_ms = this.watch.now_ms();
    this.#abort?.abort(error);
    this.listener.failed(this, error);
    this.watch.delete(this);
  }

  #call(handler: ProcessorSettings['handler']): Promise<Effects | void> | Effects | void {
    if ('handleBatch' in handler) {
      return handler.handleBatch(
        this.jobs.map(({ record }) => record),
        this,
      );
    }
    const [job] = this.jobs;
    if (job !== undefined) return handler.handle(job.record, this);
  }

  #isWaitedFor(): boolean {
    const waited_for = this.#state === 'running';
    this.#state = waited_for ? 'over' : 'cut_and_over';
    return waited_for;
  }

  #cutError(): NervelineError {
    return new NervelineError('NL-LOG-030', { detail: `the handler took longer than ${this.watch.deadline_ms} ms` });
  }
}
