import { z } from 'zod';
import { cardToken, idempotencyKey, merchantId, paymentId, reservationId } from '../ids';
import { readVector } from '../read-vector';
import { amount_minor, coordinates, currency, epoch_ms, text } from '../units';

/** `POST /v1/payments/decisions`, scope `payments:decide`. */
export const paymentDecisionRequest = z.strictObject({
  payment_id: paymentId,
  idempotency_key: idempotencyKey,
  /** A token, never a card number: a text that passes the Luhn check is refused. */
  card: cardToken,
  amount_minor,
  currency,
  merchant_id: merchantId,
  merchant_category: text(64).optional(),
  terminal_id: text(64).optional(),
  country: z
    .string()
    .regex(/^[A-Z]{2}$/, 'must be two upper case letters (ISO 3166)')
    .optional(),
  location: coordinates.optional(),
  /** When the payment happened, by the source's clock. */
  event_ms: epoch_ms,
  /** The hold that it pays for: a payment that is blocked gives its units back. */
  reservation_id: reservationId.optional(),
});
export type PaymentDecisionRequest = z.infer<typeof paymentDecisionRequest>;

export const verdict = z.enum(['allow', 'review', 'block']);
export type Verdict = z.infer<typeof verdict>;

export const reasonCode = z.enum([
  'blocked_card',
  'blocked_merchant',
  'amount_over_limit',
  'card_count_1m',
  'card_count_1h',
  'card_count_24h',
  'card_sum_1m',
  'card_sum_1h',
  'card_sum_24h',
  'impossible_travel',
  'foreign_country',
]);
export type ReasonCode = z.infer<typeof reasonCode>;

export const decisionReason = z.strictObject({
  code: reasonCode,
  /** What it adds to the score. */
  contribution: z.number(),
  /** What was measured and what the policy allows, in the field's words: "6 payments in 1 min on this card". */
  text: z.string().max(256),
});
export type DecisionReason = z.infer<typeof decisionReason>;

export const paymentDecision = z.strictObject({
  decision_id: z.string(),
  payment_id: paymentId,
  verdict,
  /** From 0 (harmless) to 1. */
  score: z.number().min(0).max(1),
  reasons: z.array(decisionReason),
  /** What decided; also what a replay needs. */
  read_vector: readVector,
});
export type PaymentDecision = z.infer<typeof paymentDecision>;
