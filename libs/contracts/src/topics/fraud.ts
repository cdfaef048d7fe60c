import { z } from 'zod';
import { auditEntry } from '../audit';
import { paymentDecision, paymentDecisionRequest } from '../http/fraud-api';
import { principal } from '../principal';
import { epoch_ms, latitude, longitude } from '../units';
import { DAYS_30, DEFAULT_PARTITIONS, defineTopic } from './topic';

/** A payment of the card that counted: `[event_ms, payment_id, amount_base_minor]`, then `lat, lon` where they are known. */
export const countedPaymentTuple = z.union([
  z.tuple([epoch_ms, z.string(), z.int().min(0)]),
  z.tuple([epoch_ms, z.string(), z.int().min(0), latitude, longitude]),
]);
export type CountedPaymentTuple = z.infer<typeof countedPaymentTuple>;

/**
 * What a decision knew beside its request, rules and time. Kept with it, because what it was read from doesn't stay:
 * compaction forgets how the lists were, retention where a card's history began.
 */
export const decisionInputs = z.strictObject({
  /** The card's payments that counted, in the order of (time, id). */
  history: z.array(countedPaymentTuple),
  /** Null when the card has none. */
  profile: z
    .strictObject({
      home_country: z.string().nullable(),
      payment_limit_minor: z.int().nullable(),
      currency: z.string().nullable(),
    })
    .nullable(),
  /** Why the card was on the block list; null when it wasn't. */
  card_block: z.string().nullable(),
  merchant_block: z.string().nullable(),
});
export type DecisionInputs = z.infer<typeof decisionInputs>;

/** A decision with everything it was made of: request, what it saw, what came out. Enough to make it again. */
export const decisionRecord = z.strictObject({
  /** 2 has `inputs`, 1 doesn't. */
  format_version: z.literal([1, 2]),
  request: paymentDecisionRequest,
  inputs: decisionInputs.optional(),
  decision: paymentDecision,
  principal,
});
export type DecisionRecord = z.infer<typeof decisionRecord>;

export const fraudTopics = {
  decisions: defineTopic({
    name: 'fraud.decisions',
    key: 'tenant/card',
    schema: decisionRecord,
    encoding: 'json',
    partitions: DEFAULT_PARTITIONS,
    retention: DAYS_30,
    owner: 'fraud-scoring',
    description: 'Every decided payment.',
  }),
  audit: defineTopic({
    name: 'audit.fraud-scoring',
    key: 'tenant/object',
    schema: auditEntry,
    encoding: 'json',
    partitions: 1,
    retention: DAYS_30,
    owner: 'fraud-scoring',
    description: 'Who changed what in fraud scoring.',
  }),
} as const;
