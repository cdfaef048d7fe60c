import { setTimeout as wait } from 'node:timers/promises';
import type { EventSource } from '@nerveline/contracts';
import { z } from 'zod';
import type { ServiceClient } from '../doors/service-client';
import type { SourceDatabase } from '../doors/source-database';

const LOOK_EVERY_MS = 50;
/** The service's clock is right when it is this near to what was declared, in wall time. */
const NEAR_MS = 60_000;

/** What a service says of its clocks. */
const readinessFacts = z.object({
  facts: z.object({ event_clocks: z.record(z.string(), z.object({ event_clock_ms: z.number() })) }),
});

/**
 * Declares a source's time in the source database and waits until the service has heard of it through change capture:
 * an event sent earlier would be years off by the service's clock.
 */
export async function declareAndWait(options: {
  readonly database: SourceDatabase;
  readonly service: ServiceClient;
  readonly source: EventSource;
  readonly event_ms: number;
  readonly speed: number;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { database, service, source, event_ms, speed, signal } = options;
  await database.declareEventClock(source, event_ms, speed);
  while (!signal.aborted) {
    const { body } = await service.get('/health/ready');
    const reading = readinessFacts.parse(body).facts.event_clocks[database.tenant_id];
    if (reading !== undefined && Math.abs(reading.event_clock_ms - event_ms) < NEAR_MS * speed) return;
    await wait(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
}
