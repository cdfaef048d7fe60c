import { NervelineError, type Generation } from '@nerveline/kernel';
import { z } from 'zod';
import type { EnvironmentFile } from './environment-file';
import { isAlive, ownIdentity } from './process-identity';

/** Who writes an environment. Its entry's LMDB version is the generation, so that each commit can be bound to it. */
const leaseSchema = z.object({
  generation: z.int().min(1),
  address: z.string(),
  pid: z.int(),
  started: z.string(),
  held: z.boolean(),
});
export type Lease = z.infer<typeof leaseSchema>;

export const LEASE_KEY = Buffer.from('lease');

export function readLease(file: EnvironmentFile): Lease | undefined {
  const bytes = file.meta.get(LEASE_KEY);
  return bytes === undefined ? undefined : leaseSchema.parse(JSON.parse(bytes.toString('utf8')));
}

export const encodeLease = (lease: Lease): Buffer => Buffer.from(JSON.stringify(lease));

export const asGeneration = (value: number): Generation => value as Generation;

/**
 * Makes this process the writer, in one transaction: LMDB's own lock between processes decides a race. A holder that
 * was killed is recognised by its process id and start time.
 *
 * @param take_over fences a holder that lives
 * @throws NervelineError `NL-LOG-010`
 */
export function acquireLease(file: EnvironmentFile, options: { address: string; take_over: boolean }): Lease {
  return file.transactSync(() => {
    const before = readLease(file);
    // One of this process is a leftover of an attempt to open: the caller knows that nobody here writes.
    const elsewhere = before?.held === true && before.pid !== process.pid && isAlive(before);
    if (elsewhere && !options.take_over) {
      throw new NervelineError('NL-LOG-010', { detail: `process ${before.pid} writes this environment` });
    }
    const lease: Lease = {
      generation: (before?.generation ?? 0) + 1,
      address: options.address,
      ...ownIdentity(),
      held: true,
    };
    file.meta.putSync(LEASE_KEY, encodeLease(lease), lease.generation);
    return lease;
  });
}

/** Lets go; false when somebody else has taken over. The generation stays, so that the next one is higher. */
export function releaseLease(file: EnvironmentFile, lease: Lease): Promise<boolean> {
  return file.meta.ifVersion(LEASE_KEY, lease.generation, () => {
    void file.meta.put(LEASE_KEY, encodeLease({ ...lease, held: false }), lease.generation);
  });
}
