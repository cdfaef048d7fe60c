import type { Verdict } from '@nerveline/contracts';
import { metrics, type DoorMetrics } from '@nerveline/service-defaults';
import { Counter, Histogram } from 'prom-client';

/** What the service measures of itself. Made once for each process, as the registry is. */
export const decisionsTotal = new Counter<'verdict'>({
  name: 'nerveline_fraud_decisions_total',
  help: 'Decided payments by verdict.',
  labelNames: ['verdict'],
  registers: [metrics],
});

export const repeatedAnswersTotal = new Counter({
  name: 'nerveline_fraud_repeated_answers_total',
  help: 'Requests whose idempotency key had its answer already.',
  registers: [metrics],
});

const refusedPaymentsTotal = new Counter<'code'>({
  name: 'nerveline_fraud_refused_payments_total',
  help: 'Payments that were not decided, by error code.',
  labelNames: ['code'],
  registers: [metrics],
});

const decisionSeconds = new Histogram({
  name: 'nerveline_fraud_decision_seconds',
  help: 'From the checked request to the durable answer.',
  buckets: [0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.02, 0.05, 0.1, 0.25, 1, 5],
  registers: [metrics],
});

export const listAgeSeconds = new Histogram({
  name: 'nerveline_fraud_list_age_seconds',
  help: "From a list change's commit at the source to the moment from which decisions see it.",
  buckets: [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1, 5, 30],
  registers: [metrics],
});

export const refusedListChangesTotal = new Counter<'topic' | 'code'>({
  name: 'nerveline_fraud_refused_list_changes_total',
  help: 'Changes of lists and event clocks that became dead letters, by topic and error code.',
  labelNames: ['topic', 'code'],
  registers: [metrics],
});

/** What is measured where payments come in. */
export const door: DoorMetrics = { seconds: decisionSeconds, refused: refusedPaymentsTotal };

export function countDecision(verdict: Verdict | undefined): void {
  if (verdict === undefined) repeatedAnswersTotal.inc();
  else decisionsTotal.inc({ verdict });
}
