import { z } from 'zod';
import { eventSource } from '../topics/source-tables';
import { epoch_ms } from '../units';

export const health = z.enum(['good', 'watch', 'bad', 'unknown']);
export type Health = z.infer<typeof health>;

/** One stage of the flow: a source, the relay, the log, a service or the clients. */
export const flowStage = z.strictObject({
  id: z.string(),
  kind: z.enum(['source', 'relay', 'log', 'service', 'clients']),
  label: z.string(),
  health,
  /** Records (transactions, clients) each second; null where nothing is measured. */
  rate_per_s: z.number().nullable(),
  /** Records that wait in front of the stage. */
  lag_records: z.number().nullable(),
  /** Median age of an event when this stage was done with it, since its commit at the source. */
  age_p50_ms: z.number().nullable(),
  age_p99_ms: z.number().nullable(),
  detail: z.string(),
});
export type FlowStage = z.infer<typeof flowStage>;

export const flowEdge = z.strictObject({
  from: z.string(),
  to: z.string(),
  rate_per_s: z.number().nullable(),
  lag_records: z.number().nullable(),
});

export const flowTopic = z.strictObject({
  topic: z.string(),
  owner: z.string(),
  records: z.int(),
  rate_per_s: z.number(),
});

export const flowSlot = z.strictObject({
  slot: z.string(),
  active: z.boolean(),
  confirmed_lsn: z.string().nullable(),
  retained_bytes: z.number().nullable(),
});

export type FlowSlot = z.infer<typeof flowSlot>;

/** The pulse of the platform, once a second. */
export const flowStatus = z.strictObject({
  measured_ms: epoch_ms,
  event_clock_ms: epoch_ms,
  /** The same by source; one that is absent runs at `event_clock_ms`. */
  event_clocks_ms: z.partialRecord(eventSource, epoch_ms).optional(),
  stages: z.array(flowStage),
  edges: z.array(flowEdge),
  topics: z.array(flowTopic),
  slots: z.array(flowSlot),
  clients: z.int(),
});
export type FlowStatus = z.infer<typeof flowStatus>;

/** One step in the life of an event, from the commit, or the request, to the page. */
export const lifeStep = z.strictObject({
  step: z.enum(['committed', 'received', 'in_log', 'handled', 'decided', 'pushed']),
  /** "log cdc.inventory.stock_ledger/2 @ 1841". */
  where: z.string(),
  at_ms: z.number(),
  /** Since the first step. */
  after_ms: z.number(),
});

export type LifeStep = z.infer<typeof lifeStep>;

export const eventLife = z.strictObject({
  topic: z.string(),
  partition: z.int(),
  offset: z.int(),
  key: z.string().nullable(),
  source_position: z.string().nullable(),
  trace_id: z.string().nullable(),
  headers: z.record(z.string(), z.string()),
  value: z.unknown(),
  steps: z.array(lifeStep),
});
export type EventLife = z.infer<typeof eventLife>;
