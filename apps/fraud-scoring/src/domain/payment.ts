import type { PaymentDecisionRequest } from '@nerveline/contracts';
import { err, ok, type ErrorCode, type Result } from '@nerveline/kernel';
import type { CountedPayment } from './card-history';
import { toBaseMinor } from './currency-rates';
import type { Policy } from './policy';

/** A payment as the rule sees it: its amount in the base currency, its time within reach of the event clock. */
export interface Payment extends CountedPayment {
  readonly country: string | null;
}

/** Why a payment can't be decided at all. */
export interface Refusal {
  readonly code: Extract<ErrorCode, `NL-FRD-${string}`>;
  readonly field: string;
  readonly detail: string;
}

/** Takes a payment that the rule can decide, or says which field stands in the way. */
export function acceptPayment(
  request: PaymentDecisionRequest,
  event_clock_ms: number,
  policy: Policy,
): Result<Payment, Refusal> {
  const ahead_ms = request.event_ms - event_clock_ms;
  if (ahead_ms > policy.max_ahead_ms) return outOfTime('NL-FRD-001', `${ahead_ms} ms ahead of`, policy.max_ahead_ms);
  if (-ahead_ms > policy.max_age_ms) return outOfTime('NL-FRD-002', `${-ahead_ms} ms behind`, policy.max_age_ms);
  const amount_base_minor = toBaseMinor(request.amount_minor, request.currency, policy.rates);
  if (amount_base_minor === undefined) {
    const detail = `there is no rate for ${request.currency} in ${policy.rates.version}`;
    return err({ code: 'NL-FRD-004', field: 'currency', detail });
  }
  return ok({
    event_ms: request.event_ms,
    payment_id: request.payment_id,
    amount_base_minor,
    location: request.location ?? null,
    country: request.country ?? null,
  });
}

function outOfTime(code: 'NL-FRD-001' | 'NL-FRD-002', distance: string, limit_ms: number): Result<never, Refusal> {
  return err({
    code,
    field: 'event_ms',
    detail: `event_ms is ${distance} the event clock; ${limit_ms} ms are allowed`,
  });
}
