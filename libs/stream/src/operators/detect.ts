import { NervelineError } from '@nerveline/kernel';
import { checkedOption } from '../topology/windows';
import type { ProcessContext, Processor } from './process';

/** One step of a pattern. */
export interface PatternStep<V, Step extends string> {
  readonly name: Step;
  readonly where: (value: V) => boolean;
  /** How often in a row of steps; others may lie between. Default 1. */
  readonly times?: number;
  /** It must not happen before the next step does; as the last step, before the time is up. */
  readonly not?: boolean;
}

export interface Pattern<V, Step extends string> {
  readonly steps: readonly PatternStep<V, Step>[];
  /** From the first record of a match to its last, event time. */
  readonly within_ms: number;
}

/** What was found. */
export interface Detection<V, Step extends string> {
  readonly start_ms: number;
  readonly end_ms: number;
  /** The records of each step that happened, in order. */
  readonly records: Readonly<Partial<Record<Step, readonly V[]>>>;
}

interface Attempt<V> {
  readonly start_ms: number;
  /** The step that it waits for. */
  step: number;
  readonly records: Record<string, V[]>;
}

interface KeyState<V> {
  /** Not yet looked at: a record ahead of them may still come. By time. */
  readonly buffer: { readonly time_ms: number; readonly value: V }[];
  attempts: Attempt<V>[];
}

type Context<K, V, Step extends string> = ProcessContext<K, KeyState<V>, Detection<V, Step>>;

function checkedSteps<V, Step extends string>({ steps }: Pattern<V, Step>): void {
  for (const { name, times = 1 } of steps) checkedOption(`times of ${name}`, times, 1);
  const [first] = steps;
  const apart = steps.every((step, at) => !(step.not ?? false) || !(steps[at + 1]?.not ?? false));
  if (first !== undefined && first.not !== true && apart) return;
  const detail = 'a pattern begins with something that happens, and two things that must not happen need one between';
  throw new NervelineError('NL-STR-002', { detail, field: 'steps' });
}

/**
 * Looks for a pattern in the records of each key, in the order of their times: a record that comes out of order is put
 * where it belongs before anything is decided. Each record that fits the first step begins an attempt, each attempt takes
 * the first record that fits what it waits for. Once one is complete, those that began before its end are given up, so
 * that no record is in two matches.
 *
 * @throws NervelineError `NL-STR-002` for a pattern that can't be
 */
export function detector<K, V, Step extends string>(
  pattern: Pattern<V, Step>,
): Processor<K, V, KeyState<V>, Detection<V, Step>> {
  checkedOption('within_ms', pattern.within_ms, 1);
  checkedSteps(pattern);
  return {
    onRecord(value, context) {
      const time_ms = context.timestamp_ms;
      if (time_ms < context.watermark_ms) {
        context.late();
        return;
      }
      const state = context.state ?? { buffer: [], attempts: [] };
      let at = state.buffer.length;
      while (at > 0 && (state.buffer[at - 1]?.time_ms ?? 0) > time_ms) at -= 1;
      state.buffer.splice(at, 0, { time_ms, value });
      context.keep(state);
      // Records of the same millisecond may still come.
      context.setTimer(time_ms + 1);
    },
    onTimer(context) {
      const { state } = context;
      if (state === undefined) return;
      for (
        let [next] = state.buffer;
        next !== undefined && next.time_ms < context.timestamp_ms;
        [next] = state.buffer
      ) {
        expire(pattern, context, next.time_ms);
        state.buffer.shift();
        look(pattern, context, next);
      }
      expire(pattern, context, context.timestamp_ms);
      if (state.buffer.length === 0 && state.attempts.length === 0) context.forget();
    },
  };
}

/** Attempts whose time is up before `now_ms`: complete if all that they waited for was that something doesn't happen. */
function expire<K, V, Step extends string>(
  { steps, within_ms }: Pattern<V, Step>,
  context: Context<K, V, Step>,
  now_ms: number,
): void {
  const { state } = context;
  if (state === undefined) return;
  for (const attempt of [...state.attempts]) {
    if (attempt.start_ms + within_ms >= now_ms || !state.attempts.includes(attempt)) continue;
    state.attempts = state.attempts.filter((other) => other !== attempt);
    const left = steps.slice(attempt.step);
    if (left.every(({ not }) => not === true)) complete(context, attempt, attempt.start_ms + within_ms);
  }
}

function look<K, V, Step extends string>(
  { steps, within_ms }: Pattern<V, Step>,
  context: Context<K, V, Step>,
  { time_ms, value }: { readonly time_ms: number; readonly value: V },
): void {
  const { state } = context;
  if (state === undefined) return;
  const [first] = steps;
  const fresh: Attempt<V>[] = first?.where(value) === true ? [{ start_ms: time_ms, step: 0, records: {} }] : [];
  if (fresh.length > 0) context.setTimer(time_ms + within_ms + 1);
  state.attempts.push(...fresh);
  for (const attempt of [...state.attempts]) {
    if (!state.attempts.includes(attempt)) continue;
    let wanted = steps[attempt.step];
    if (wanted?.not === true) {
      if (wanted.where(value)) {
        state.attempts = state.attempts.filter((other) => other !== attempt);
        continue;
      }
      wanted = steps[attempt.step + 1];
    }
    if (wanted === undefined || !wanted.where(value)) continue;
    const taken = (attempt.records[wanted.name] ??= []);
    taken.push(value);
    if (taken.length < (wanted.times ?? 1)) continue;
    attempt.step = steps.indexOf(wanted) + 1;
    if (attempt.step === steps.length) complete(context, attempt, time_ms);
  }
}

function complete<K, V, Step extends string>(
  context: Context<K, V, Step>,
  { start_ms, records }: Attempt<V>,
  end_ms: number,
): void {
  // The names of the steps are the keys, and nothing else is.
  context.emit({ start_ms, end_ms, records: records as Partial<Record<Step, V[]>> });
  if (context.state !== undefined) {
    context.state.attempts = context.state.attempts.filter((other) => other.start_ms > end_ms);
  }
}
