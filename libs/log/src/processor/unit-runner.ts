import { isNervelineError, type OutRecord } from '@nerveline/kernel';
import { backoffMs } from '../consumer/backoff';
import { heldAppend, holdRecord } from '../dlq/held-record-codec';
import type { Effects } from '../ports/consumer';
import type { Committer } from './committer';
import type { DeadlineWatch } from './deadline-watch';
import { describeError, isFatal } from './error-kind';
import { HandlerRun, type RunListener } from './handler-run';
import type { Job } from './job';
import type { Lane } from './lanes';
import type { HeldTopicNames, Unsettled } from './options';
import type { Parking } from './parking';
import type { ProcessorSettings } from './settings';
import { sleep, type Timers } from './timers';

export interface RunnerOptions {
  readonly settings: ProcessorSettings;
  readonly partition: number;
  readonly held_by: string;
  readonly timers: Timers;
  readonly watch: DeadlineWatch;
  readonly committer: Committer;
  /** Undefined where errors stop the processor. */
  readonly held: { readonly topics: HeldTopicNames; readonly parking: Parking } | undefined;
  unsettled(topic: string): Unsettled;
  /** Aborts when the partition is being given back: nothing is begun or tried again. */
  readonly draining: AbortSignal;
  onFatal(error: unknown): void;
}

const NOTHING: readonly never[] = [];

/** Takes units of a lane through the handler, and decides what becomes of what fails. */
export class UnitRunner implements RunListener {
  constructor(private readonly options: RunnerOptions) {}

  run(lane: Lane, jobs: Job[]): void {
    const ready = this.#ready(jobs);
    if (ready.length === 0) lane.next();
    else this.#try(lane, ready);
  }

  /** What can be handled now: not what waits behind a parked key, nor what nobody can read. */
  #ready(jobs: Job[]): Job[] {
    const { held, draining, settings } = this.options;
    if (draining.aborted) return [];
    if (settings.decode === undefined && (held === undefined || held.parking.keys === 0)) return jobs;
    return jobs.filter((job) => {
      if (job.parked === undefined && held?.parking.has(job.key) === true) {
        this.#hold(job);
        return false;
      }
      return settings.decode === undefined || this.#decoded(job, settings.decode);
    });
  }

  #decoded(job: Job, decode: NonNullable<ProcessorSettings['decode']>): boolean {
    try {
      job.payload = decode(job.record);
      return true;
    } catch (error) {
      const { settings, held, onFatal } = this.options;
      job.attempts += 1;
      if (held === undefined || !isNervelineError(error, 'NL-LOG-011') || settings.on_invalid === 'stop')
        onFatal(error);
      else this.#deadLetter(job, error);
      return false;
    }
  }

  #try(lane: Lane, jobs: readonly Job[]): void {
    new HandlerRun(jobs, lane, this.options.watch, this).start(this.options.settings.handler);
  }

  unsettled({ jobs }: HandlerRun): Unsettled {
    return this.options.unsettled(jobs[0]?.record.topic ?? '');
  }

  done(run: HandlerRun, effects: Effects | void): void {
    const { settings, committer, held } = this.options;
    const { jobs, lane } = run;
    const [first] = jobs;
    const parked = first?.parked;
    const appends = effects?.appends ?? NOTHING;
    const state = effects?.state ?? NOTHING;
    if (parked === undefined && appends.length === 0 && state.length === 0 && settings.commit_interval_ms > 0) {
      for (const job of jobs) {
        job.state = 'settled';
        if (job.window !== undefined) committer.touch(job.window);
      }
      lane.next();
      return;
    }
    const tombstones = parked === undefined || held === undefined ? [] : [held.parking.tombstone(parked)];
    committer.submit({
      jobs,
      appends: [...appends, ...tombstones],
      state,
      durable: () => {
        if (first !== undefined && parked !== undefined) held?.parking.settled(first);
        lane.next();
      },
      refused: (error) => this.failed(run, error),
    });
  }

  failed(run: HandlerRun, error: unknown): void {
    const { settings, timers, held, draining, onFatal } = this.options;
    const { lane } = run;
    const [job] = run.jobs;
    if (job === undefined || draining.aborted) return lane.next();
    if (isFatal(error)) return onFatal(error);
    const now_ms = timers.now_ms();
    for (const each of run.jobs) {
      each.attempts += 1;
      each.first_failed_ms ??= now_ms;
    }
    const retriable = settings.isRetriable(error);
    const failing_ms = now_ms - (job.first_failed_ms ?? now_ms);
    if (held === undefined) {
      if (!retriable || run.was_cut) return onFatal(error);
      return this.#retryInPlace(run, error);
    }
    if (job.parked !== undefined) {
      if (retriable && failing_ms < settings.retry.give_up_after_ms) held.parking.failed(job, run);
      else this.#deadLetter(job, error);
      if (retriable) settings.onRetry(error, job.attempts);
    } else if (retriable && !run.was_cut && failing_ms < settings.retry.in_place_ms) {
      return this.#retryInPlace(run, error);
    } else if (run.was_cut) {
      for (const each of run.jobs) this.#hold(each, { error, run });
    } else if (run.jobs.length > 1) {
      this.#takeApart(lane, run.jobs);
    } else if (retriable) {
      this.#hold(job, { error, run });
    } else {
      this.#deadLetter(job, error);
    }
    lane.next();
  }

  #retryInPlace(run: HandlerRun, error: unknown): void {
    const { settings, timers, draining, onFatal } = this.options;
    const { lane } = run;
    const { first_ms, longest_ms } = settings.retry;
    const failures = run.attempt;
    settings.onRetry(error, failures);
    const wait_ms = backoffMs(failures, () => timers.random(), { first_ms, longest_ms });
    sleep(timers, wait_ms, draining).then(() => {
      if (draining.aborted) lane.next();
      else this.#try(lane, run.jobs);
    }, onFatal);
  }

  /** Which one is at fault shows when each is handled alone, in their order. Their tries in place are used up. */
  #takeApart(lane: Lane, jobs: readonly Job[]): void {
    for (const job of jobs.toReversed()) {
      job.alone = true;
      lane.queue.pushFront(job);
    }
  }

  #hold(job: Job, failed?: { readonly error: unknown; readonly run: HandlerRun }): void {
    const { held, committer, settings, onFatal } = this.options;
    if (held === undefined) return;
    const arriving = held.parking.hold(job, failed);
    committer.submit({
      jobs: [job],
      appends: [arriving.append],
      state: NOTHING,
      durable: ([position]) => {
        if (position !== undefined) arriving.placed(position.offset);
        if (failed !== undefined)
          settings.onHeld({ fate: 'parked', record: job.record, error: failed.error, attempts: job.attempts });
      },
      // Where a record can't even be held, going on would lose it.
      refused: onFatal,
    });
  }

  #deadLetter(job: Job, error: unknown): void {
    const { held, committer, settings, onFatal } = this.options;
    if (held === undefined) return onFatal(error);
    const { parked } = job;
    committer.submit({
      jobs: [job],
      appends: [this.#deadLetterOf(job, error, held.topics), ...(parked ? [held.parking.tombstone(parked)] : [])],
      state: NOTHING,
      durable: () => {
        if (parked !== undefined) held.parking.settled(job);
        settings.onHeld({ fate: 'dead_letter', record: job.record, error, attempts: job.attempts });
      },
      refused: onFatal,
    });
  }

  #deadLetterOf(job: Job, error: unknown, { dead_letters }: HeldTopicNames): OutRecord {
    const { settings, timers, held_by, partition } = this.options;
    const held = holdRecord(job.record, {
      group: settings.group,
      reason: 'failed',
      attempts: job.attempts,
      first_failed_ms: job.first_failed_ms ?? timers.now_ms(),
      held_ms: timers.now_ms(),
      failure: describeError(error),
      held_by,
    });
    return heldAppend({ topic: dead_letters, partition }, held);
  }
}
