import type { PushHub, PushStats } from '@nerveline/push';
import { metrics } from '@nerveline/service-defaults';
import { Gauge } from 'prom-client';

const MEASURES: readonly [keyof PushStats, string, string][] = [
  ['clients', 'nerveline_push_clients', 'Clients that are connected.'],
  ['records_sent', 'nerveline_push_sent_records', 'Records sent to clients since the start.'],
  ['dropped', 'nerveline_push_dropped_clients', 'Clients cut off because they took nothing.'],
  ['lagging', 'nerveline_push_lagging_subscriptions', 'Subscriptions that are being brought up to date.'],
  ['waiting_bytes', 'nerveline_push_waiting_bytes', 'Bytes that wait in this process for clients.'],
  ['behind_records', 'nerveline_push_behind_records', 'Records that wait in the log for lagging subscriptions.'],
];

/** Publishes the hub's numbers at /metrics; they are read when somebody asks. */
export function measurePush(hub: PushHub): void {
  for (const [field, name, help] of MEASURES) {
    metrics.removeSingleMetric(name);
    new Gauge({
      name,
      help,
      registers: [metrics],
      collect() {
        this.set(hub.stats()[field]);
      },
    });
  }
}
