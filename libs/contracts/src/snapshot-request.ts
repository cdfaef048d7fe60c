import { z } from 'zod';

/**
 * Prefix of the logical message that asks the relay to read tables anew: nothing is written to a table of the source, and
 * the request stands in the stream like any change.
 *
 *     SELECT pg_logical_emit_message(true, 'nerveline.snapshot', '{"tables":["public.orders"]}')
 */
export const SNAPSHOT_REQUEST_PREFIX = 'nerveline.snapshot';

export const snapshotRequest = z.strictObject({
  /** `SCHEMA.TABLE`, each a source table of the relay. */
  tables: z.array(z.string()).min(1),
});
export type SnapshotRequest = z.infer<typeof snapshotRequest>;
