import { z } from 'zod';
import { auditEntry } from '../audit';
import { paymentDecision, paymentDecisionRequest } from '../http/fraud-api';
import { principal } from '../principal';
import { DAYS_30, DEFAULT_PARTITIONS, defineTopic } from './topic';

/** A decision with everything it was made of: request, what it saw, what came out. Enough to make it again. */
export const decisionRecord = z.strictObject({
  format_version: z.literal(1),
  request: paymentDecisionRequest,
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
