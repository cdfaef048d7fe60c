import { metrics } from '@nerveline/service-defaults';
import { Counter, Gauge, Histogram } from 'prom-client';

/** What the service measures of itself. Made once for each process, as the registry is. */
export const fixesTotal = new Counter<'outcome'>({
  name: 'nerveline_fleet_fixes_total',
  help: 'GPS fixes by what became of them: accepted, stale (doubled, late or out of order) or off the map.',
  labelNames: ['outcome'],
  registers: [metrics],
});

export const refusedRequestsTotal = new Counter<'code'>({
  name: 'nerveline_fleet_refused_requests_total',
  help: 'Requests that were refused, by error code.',
  labelNames: ['code'],
  registers: [metrics],
});

export const answerSeconds = new Histogram<'verb'>({
  name: 'nerveline_fleet_answer_seconds',
  help: 'From the checked request to the durable answer.',
  labelNames: ['verb'],
  buckets: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1, 5],
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

/** Times a verb, and counts what it refuses. */
export async function timed<T>(verb: string, codeOf: (error: unknown) => string, run: () => Promise<T>): Promise<T> {
  const observe = answerSeconds.startTimer({ verb });
  try {
    const value = await run();
    observe();
    return value;
  } catch (error) {
    refusedRequestsTotal.inc({ code: codeOf(error) });
    throw error;
  }
}
