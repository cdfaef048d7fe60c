import type { DecisionRecord, PaymentDecision } from '@nerveline/contracts';
import type { CardHistory } from '../domain/card-history';
import { decide } from '../domain/decide';
import type { Payment } from '../domain/payment';
import type { Policy } from '../domain/policy';
import type { ListView } from './lists';

/** Everything that a decision is made of. Live and replay bring the same, so they make the same. */
export interface DecisionInputs {
  readonly request: DecisionRecord['request'];
  /** The request after it was accepted. */
  readonly payment: Payment;
  readonly principal: DecisionRecord['principal'];
  readonly decision_id: string;
  readonly history: CardHistory;
  readonly lists: ListView;
  /** Next offsets that `lists` stands at. */
  readonly list_offsets: Readonly<Record<string, number>>;
  readonly event_clock_ms: number;
}

/** A decision's record, and the card's history from then on. */
export interface MadeDecision {
  readonly record: DecisionRecord;
  readonly history: CardHistory;
}

/** Decides one payment and writes down what it was decided from. */
export function makeDecision(inputs: DecisionInputs, policy: Policy): MadeDecision {
  const { request, payment, principal, lists, event_clock_ms } = inputs;
  const state = {
    history: inputs.history,
    profile: lists.profile(principal.tenant_id, request.card),
    card_block: lists.blockReason(principal.tenant_id, 'card', request.card),
    merchant_block: lists.blockReason(principal.tenant_id, 'merchant', request.merchant_id),
    event_clock_ms,
  };
  const { verdict, score_points, reasons, history } = decide(state, payment, policy);
  const decision: PaymentDecision = {
    decision_id: inputs.decision_id,
    payment_id: request.payment_id,
    verdict,
    score: score_points / 100,
    reasons: reasons.map(({ code, points, text }) => ({ code, contribution: points / 100, text })),
    read_vector: {
      offsets: inputs.list_offsets,
      versions: versionsOf(policy),
      event_clock_ms,
    },
  };
  return { record: { format_version: 1, request, decision, principal }, history };
}

/** What a decision names as the versions that decided it. */
export function versionsOf(policy: Policy): Record<'rules' | 'rates', string> {
  return { rules: policy.version, rates: policy.rates.version };
}
