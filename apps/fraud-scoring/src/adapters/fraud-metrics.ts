import type { Verdict } from '@nerveline/contracts';
import { metrics } from '@nerveline/service-defaults';
import { Counter, Gauge, Histogram } from 'prom-client';

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

export const refusedPaymentsTotal = new Counter<'code'>({
  name: 'nerveline_fraud_refused_payments_total',
  help: 'Payments that were not decided, by error code.',
  labelNames: ['code'],
  registers: [metrics],
});

export const decisionSeconds = new Histogram({
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

/** Measures something that is read when somebody asks; one of the same name replaces it. */
export function measure(name: string, help: string, read: () => number): void {
  metrics.removeSingleMetric(name);
  new Gauge({
    name,
    help,
    registers: [metrics],
    collect() {
      this.set(read());
    },
  });
}

export function countDecision(verdict: Verdict | undefined): void {
  if (verdict === undefined) repeatedAnswersTotal.inc();
  else decisionsTotal.inc({ verdict });
}
