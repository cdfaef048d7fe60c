import type { DecisionRecord, PaymentDecision } from '@nerveline/contracts';
import type { CardHistory } from '../domain/card-history';
import { decide, type State } from '../domain/decide';
import type { Payment } from '../domain/payment';
import type { Policy } from '../domain/policy';
import { inputsOf } from './decision-inputs';

/** Everything that a decision is made of. Live and replay bring the same, so they make the same. */
export interface Question {
  readonly request: DecisionRecord['request'];
  /** The request after it was accepted. */
  readonly payment: Payment;
  readonly principal: DecisionRecord['principal'];
  readonly decision_id: string;
  readonly state: State;
  /** Next offsets at which the lists in `state` stood. */
  readonly list_offsets: Readonly<Record<string, number>>;
}

/** A decision's record, and the card's history from then on. */
export interface MadeDecision {
  readonly record: DecisionRecord;
  readonly history: CardHistory;
}

/** Decides one payment and writes down what it was decided from. */
export function makeDecision({ request, state, ...question }: Question, policy: Policy): MadeDecision {
  const { verdict, score_points, reasons, history } = decide(state, question.payment, policy);
  const decision: PaymentDecision = {
    decision_id: question.decision_id,
    payment_id: request.payment_id,
    verdict,
    score: score_points / 100,
    reasons: reasons.map(({ code, points, text }) => ({ code, contribution: points / 100, text })),
    read_vector: {
      offsets: question.list_offsets,
      versions: versionsOf(policy),
      event_clock_ms: state.event_clock_ms,
    },
  };
  const { principal } = question;
  return { record: { format_version: 2, request, inputs: inputsOf(state), decision, principal }, history };
}

/** What a decision names as the versions that decided it. */
function versionsOf(policy: Policy): Record<'rules' | 'rates', string> {
  return { rules: policy.version, rates: policy.rates.version };
}
