import { z } from 'zod';
import { principal } from './principal';
import { epoch_ms } from './units';

/** One act that changed something: who, what, before and after. */
export const auditEntry = z.strictObject({
  principal,
  /** The verb, as in the command map or the route: `stock.receive`. */
  action: z.string().min(1).max(128),
  /** What it acted on: `sku A-17 at B1`. */
  object: z.string().min(1).max(512),
  before: z.unknown(),
  after: z.unknown(),
  event_ms: epoch_ms,
  trace_id: z.string().max(64).optional(),
});
export type AuditEntry = z.infer<typeof auditEntry>;
