import { collectDefaultMetrics, Registry } from 'prom-client';

/** The process's metrics, served at /metrics. Names begin with `nerveline_` and end with a unit. */
export const metrics = new Registry();

// prom-client's event loop monitor wakes the process a hundred times a second by default: an idle platform would not be idle.
collectDefaultMetrics({ register: metrics, eventLoopMonitoringPrecision: 1_000 });
