import { metrics, type DoorMetrics } from '@nerveline/service-defaults';
import { Counter, Histogram } from 'prom-client';

/** What the service measures of itself. Made once for each process, as the registry is. */
export const fixesTotal = new Counter<'outcome'>({
  name: 'nerveline_fleet_fixes_total',
  help: 'GPS fixes by what became of them: accepted, stale (doubled, late or out of order), off the map or refused.',
  labelNames: ['outcome'],
  registers: [metrics],
});

const refusedRequestsTotal = new Counter<'code'>({
  name: 'nerveline_fleet_refused_requests_total',
  help: 'Requests that were refused, by error code.',
  labelNames: ['code'],
  registers: [metrics],
});

const answerSeconds = new Histogram<'verb'>({
  name: 'nerveline_fleet_answer_seconds',
  help: 'From the checked request to the durable answer.',
  labelNames: ['verb'],
  buckets: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1, 5],
  registers: [metrics],
});

/** What is measured where requests for this verb come in. */
export const doorOf = (verb: string): DoorMetrics => ({
  seconds: answerSeconds.labels({ verb }),
  refused: refusedRequestsTotal,
});
