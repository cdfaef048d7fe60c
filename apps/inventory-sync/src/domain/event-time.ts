import type { StockPolicy } from './policy';

export type EventTimeJudgement = 'fine' | 'too_far_ahead' | 'too_far_behind';

/**
 * Judges a claimed event time by the event clock. At `speed` times the wall clock, the milliseconds that a request takes
 * on its way are that many times as long, so the tolerance ahead grows with it.
 */
export function judgeEventTime(
  event_ms: number,
  clock: { readonly now_ms: number; readonly speed: number },
  policy: StockPolicy,
): EventTimeJudgement {
  const tolerance_ms = policy.max_future_ms * Math.max(1, clock.speed);
  if (event_ms > clock.now_ms + tolerance_ms) return 'too_far_ahead';
  if (event_ms < clock.now_ms - policy.max_past_ms - tolerance_ms) return 'too_far_behind';
  return 'fine';
}
