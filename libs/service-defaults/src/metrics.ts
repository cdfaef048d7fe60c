import { collectDefaultMetrics, type Counter, Gauge, Registry } from 'prom-client';
import { toNervelineError } from './errors-over-http';

/** The process's metrics, served at /metrics. Names begin with `nerveline_` and end with a unit. */
export const metrics = new Registry();

// prom-client's event loop monitor wakes the process a hundred times a second by default: an idle platform would not be idle.
collectDefaultMetrics({ register: metrics, eventLoopMonitoringPrecision: 1_000 });

/**
 * Measures something that is read when somebody asks for the metrics. One of the same name replaces it: a service may
 * start again in one process, as in tests.
 */
export function measure(name: string, help: string, read: () => number): void {
  metrics.removeSingleMetric(name);
  const gauge: Gauge = new Gauge({ name, help, registers: [metrics], collect: () => gauge.set(read()) });
}

/** What is measured where requests come in. */
export interface DoorMetrics {
  /** From the checked request to its answer, in seconds: a histogram, or one with its labels given. */
  readonly seconds: { observe(value_s: number): void };
  /** Requests that were refused, by error code. */
  readonly refused: Counter<'code'>;
}

/** Times what is answered, and counts what is refused, by its code. */
export async function timed<T>({ seconds, refused }: DoorMetrics, run: () => Promise<T>): Promise<T> {
  const begun_ms = performance.now();
  try {
    const value = await run();
    seconds.observe((performance.now() - begun_ms) / 1_000);
    return value;
  } catch (error) {
    refused.inc({ code: toNervelineError(error).code });
    throw error;
  }
}
