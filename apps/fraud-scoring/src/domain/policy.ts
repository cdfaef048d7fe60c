import type { ReasonCode } from '@nerveline/contracts';
import { invariant } from '@nerveline/kernel';
import type { CurrencyRates } from './currency-rates';

/** Above `over` the reason counts with `points`; of several steps the highest that was passed counts. */
export interface Step {
  readonly over: number;
  readonly points: number;
}

/** What one card may do within a sliding window. */
export interface WindowLimits {
  readonly window_ms: number;
  /** As a person says it: "1 min". */
  readonly label: string;
  readonly count: { readonly code: ReasonCode; readonly steps: readonly Step[] };
  /** `over` in minor units of the base currency. */
  readonly sum: { readonly code: ReasonCode; readonly steps: readonly Step[] };
}

/** Every number of the rule, by name. Another number is another `version`. */
export interface Policy {
  readonly version: string;
  /** Amounts are compared in the rates' base currency. */
  readonly rates: CurrencyRates;
  /** A score of this many points or more is reviewed. Points are hundredths of the score. */
  readonly review_at_points: number;
  readonly block_at_points: number;
  /** What one payment may come to where the card's profile says nothing; minor units of the base currency. */
  readonly payment_limit_minor: number;
  /** `over` is the multiple of the limit. */
  readonly amount_steps: readonly Step[];
  readonly windows: readonly WindowLimits[];
  readonly travel: {
    /** Nobody moves faster from one payment to the next. */
    readonly max_speed_kmh: number;
    /** Below this distance positions are noise: two masts, two terminals of one shop. */
    readonly min_distance_km: number;
    readonly points: number;
  };
  readonly blocked_card_points: number;
  readonly blocked_merchant_points: number;
  readonly foreign_country_points: number;
  /** A payment may be this much older than the event clock: terminals that were offline send late. */
  readonly max_age_ms: number;
  /** A payment may be this much ahead of the event clock: clocks differ. */
  readonly max_ahead_ms: number;
}

/** What is older than this, seen from the event clock, can't matter to any payment that is still taken. */
export function memory_ms(policy: Policy): number {
  return policy.max_age_ms + longestWindow(policy).window_ms;
}

/**
 * The most payments that one card's history can hold: no window of the longest length ever holds more than its limit,
 * so neither do the windows that cover what is remembered.
 */
export function maxPaymentsPerCard(policy: Policy): number {
  const { window_ms, count } = longestWindow(policy);
  const span_ms = memory_ms(policy) + policy.max_ahead_ms;
  return Math.ceil(span_ms / window_ms) * hardLimit(count.steps, policy);
}

/**
 * Checks what the rule relies on beyond the types.
 *
 * @throws NervelineError `NL-KRN-001`: a policy is code, so a wrong one is a bug
 */
export function checkPolicy(policy: Policy): Policy {
  const rising = (steps: readonly Step[]) =>
    steps.every((step, index) => index === 0 || step.over > (steps[index - 1]?.over ?? 0));
  invariant(
    0 < policy.review_at_points && policy.review_at_points < policy.block_at_points,
    'review comes before block',
  );
  invariant(rising(policy.amount_steps), 'the steps of the amount limit rise');
  for (const { label, window_ms, count, sum } of policy.windows) {
    invariant(window_ms > 0 && rising(count.steps) && rising(sum.steps), `the steps of the ${label} window rise`);
  }
  invariant(
    Number.isFinite(hardLimit(longestWindow(policy).count.steps, policy)),
    'the longest window needs a count that blocks: it bounds the memory of a card',
  );
  return policy;
}

function longestWindow(policy: Policy): WindowLimits {
  const longest = policy.windows.toSorted((a, b) => b.window_ms - a.window_ms)[0];
  invariant(longest !== undefined, 'a policy has a window');
  return longest;
}

/** The value above which a payment is blocked whatever else is known. */
function hardLimit(steps: readonly Step[], policy: Policy): number {
  return steps.find(({ points }) => points >= policy.block_at_points)?.over ?? Infinity;
}
