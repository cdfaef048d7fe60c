import { z } from 'zod';
import { epoch_ms } from './units';

/**
 * What a decision saw, so that a replay feeds it the same: the next offset of each input partition (`topic/partition`),
 * the versions of what it looked things up in, and the reading of the event clock.
 */
export const readVector = z.strictObject({
  offsets: z.record(z.string(), z.int().min(0)),
  versions: z.record(z.string(), z.string()),
  event_clock_ms: epoch_ms,
});
export type ReadVector = z.infer<typeof readVector>;
