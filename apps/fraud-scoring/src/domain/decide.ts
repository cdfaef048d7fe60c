import type { ReasonCode, Verdict } from '@nerveline/contracts';
import { fullestWindow, withoutOlder, withoutTwin, withPayment, type CardHistory } from './card-history';
import { toBaseMinor } from './currency-rates';
import type { Payment } from './payment';
import { memory_ms, type Policy, type Step } from './policy';
import { money, travelText } from './reason-text';
import { impossibleTravel } from './travel';

/** What the card's owner or bank said of it beforehand. */
export interface CardProfile {
  readonly home_country: string | null;
  readonly payment_limit_minor: number | null;
  /** Of the limit; the base currency where it is null. */
  readonly currency: string | null;
}

/** Everything that is known before a payment is decided. */
export interface State {
  readonly history: CardHistory;
  readonly profile: CardProfile | undefined;
  /** Why the card is on the block list; undefined when it isn't. */
  readonly card_block: string | undefined;
  readonly merchant_block: string | undefined;
  readonly event_clock_ms: number;
}

/** One thing that speaks against a payment. Points are hundredths of the score. */
export interface Reason {
  readonly code: ReasonCode;
  readonly points: number;
  readonly text: string;
}

export interface Decision {
  readonly verdict: Verdict;
  /** From 0 (harmless) to 100. */
  readonly score_points: number;
  /** The weightiest first. */
  readonly reasons: readonly Reason[];
  /** The card's history from now on. */
  readonly history: CardHistory;
}

/** The longest reason of a block list entry that is repeated in an answer. */
const BLOCK_REASON_CHARS = 200;

/**
 * The rule. Each of these that holds adds its points, together they are the score (at most 100), and the score's place
 * against two thresholds is the verdict:
 *
 * - the card or the merchant is on the block list;
 * - the amount is above the card's own limit, or the policy's where the card has none;
 * - count or sum of the card's payments in 1 min, 1 h or 24 h of event time is above a step of the policy;
 * - the card was elsewhere so recently, or will be so soon, that nobody travels so fast;
 * - the country isn't the card's home country.
 *
 * A payment that is allowed or sent to review counts into velocity and travel. A blocked one doesn't: no money moved, and
 * whoever hammers on a card must neither lock its owner out by that nor fill our memory. A payment that is asked for
 * again under another key counts once.
 */
export function decide(state: State, payment: Payment, policy: Policy): Decision {
  const known = withoutOlder(state.history, state.event_clock_ms - memory_ms(policy));
  const history = withoutTwin(known, payment);
  const reasons = [
    ...listReasons(state, policy),
    ...amountReasons(state.profile, payment, policy),
    ...windowReasons(history, payment, policy),
    ...travelReasons(history, payment, policy),
    ...countryReasons(state.profile, payment, policy),
  ].sort((a, b) => b.points - a.points);
  const points = reasons.reduce((sum, reason) => sum + reason.points, 0);
  const verdict = verdictOf(points, policy);
  return {
    verdict,
    score_points: Math.min(100, points),
    reasons,
    history: verdict === 'block' ? known : withPayment(history, countedPart(payment)),
  };
}

function verdictOf(points: number, policy: Policy): Verdict {
  if (points >= policy.block_at_points) return 'block';
  return points >= policy.review_at_points ? 'review' : 'allow';
}

function countedPart({ event_ms, payment_id, amount_base_minor, location }: Payment) {
  return { event_ms, payment_id, amount_base_minor, location };
}

function listReasons({ card_block, merchant_block }: State, policy: Policy): Reason[] {
  const listed = (code: ReasonCode, points: number, thing: string, why: string | undefined): Reason[] => {
    if (why === undefined) return [];
    const text = `${thing} is on the block list${why === '' ? '' : `: ${why.slice(0, BLOCK_REASON_CHARS)}`}`;
    return [{ code, points, text }];
  };
  return [
    ...listed('blocked_card', policy.blocked_card_points, 'this card', card_block),
    ...listed('blocked_merchant', policy.blocked_merchant_points, 'this merchant', merchant_block),
  ];
}

function amountReasons(profile: CardProfile | undefined, payment: Payment, policy: Policy): Reason[] {
  const limit_minor = limitOf(profile, policy);
  const currency = policy.rates.base_currency;
  const points = stepPoints(
    policy.amount_steps.map((step) => ({ ...step, over: step.over * limit_minor })),
    payment.amount_base_minor,
  );
  const text = `${money(payment.amount_base_minor, currency)}, limit ${money(limit_minor, currency)}`;
  return points === 0 ? [] : [{ code: 'amount_over_limit', points, text }];
}

/** The card's own limit; the policy's where it has none, or one in a currency without a rate. */
function limitOf(profile: CardProfile | undefined, policy: Policy): number {
  const own_minor = profile?.payment_limit_minor ?? null;
  if (own_minor === null) return policy.payment_limit_minor;
  const { rates } = policy;
  return toBaseMinor(own_minor, profile?.currency ?? rates.base_currency, rates) ?? policy.payment_limit_minor;
}

function windowReasons(history: CardHistory, payment: Payment, policy: Policy): Reason[] {
  return policy.windows.flatMap(({ window_ms, label, count, sum }) => {
    const use = fullestWindow(history, payment, window_ms);
    const count_points = stepPoints(count.steps, use.count);
    // One payment alone is the amount limit's business, which knows the card's own limit.
    const sum_points = use.count > 1 ? stepPoints(sum.steps, use.sum_base_minor) : 0;
    const total = money(use.sum_base_minor, policy.rates.base_currency);
    const reasons: Reason[] = [
      { code: count.code, points: count_points, text: `${use.count} payments in ${label} on this card` },
      { code: sum.code, points: sum_points, text: `${total} in ${label} on this card` },
    ];
    return reasons.filter(({ points }) => points > 0);
  });
}

function travelReasons(history: CardHistory, payment: Payment, policy: Policy): Reason[] {
  const way = impossibleTravel(history, payment, policy.travel);
  return way === undefined ? [] : [{ code: 'impossible_travel', points: policy.travel.points, text: travelText(way) }];
}

function countryReasons(profile: CardProfile | undefined, { country }: Payment, policy: Policy): Reason[] {
  const home = profile?.home_country ?? null;
  if (home === null || country === null || home === country) return [];
  const text = `paid in ${country}, card is from ${home}`;
  return [{ code: 'foreign_country', points: policy.foreign_country_points, text }];
}

function stepPoints(steps: readonly Step[], value: number): number {
  return steps.findLast(({ over }) => value > over)?.points ?? 0;
}
