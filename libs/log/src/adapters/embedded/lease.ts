import { NervelineError, type Generation } from '@nerveline/kernel';
import { isAlive, ownIdentity } from '@nerveline/process-identity';
import { z } from 'zod';
import type { EnvironmentFile } from './environment-file';
import type { Staging } from './staging';
import { enterWriter, readWriters, removeWriters, SEQUENCE_KEY, writerKey, type WriterEntry } from './writer-entries';

/**
 * Who writes an environment. Its entry's LMDB version is the generation, so that each commit can be bound to it. In
 * shared mode it is held by all processes that have an entry of their own, see writer-entries.
 */
const leaseSchema = z.object({
  generation: z.int().min(1),
  address: z.string(),
  pid: z.int(),
  started: z.string(),
  held: z.boolean(),
  shared: z.boolean().optional(),
  /** One of those that share it was killed: the last one to go doesn't vouch for the file. */
  unclean: z.boolean().optional(),
});
export type Lease = z.infer<typeof leaseSchema>;

export const LEASE_KEY = Buffer.from('lease');

export function readLease(file: EnvironmentFile): Lease | undefined {
  const bytes = file.meta.get(LEASE_KEY);
  return bytes === undefined ? undefined : leaseSchema.parse(JSON.parse(bytes.toString('utf8')));
}

export const encodeLease = (lease: Lease): Buffer => Buffer.from(JSON.stringify(lease));

export const asGeneration = (value: number): Generation => value as Generation;

export interface AcquireOptions {
  readonly address: string;
  readonly take_over: boolean;
  /** How this process shows that it lives, when it is to write beside others. */
  readonly shared: { readonly id: string; readonly beat: string } | undefined;
}

/**
 * Makes this process the writer, or one of them, in one transaction: LMDB's own lock between processes decides a race. A
 * holder that was killed is recognised by its process id and start time.
 *
 * @throws NervelineError `NL-LOG-010`
 */
export function acquireLease(file: EnvironmentFile, options: AcquireOptions): Lease {
  return file.transactSync(() => {
    const before = readLease(file);
    const holders = livingHolders(file, before);
    const writer = options.shared && { ...options.shared, ...ownIdentity(), address: options.address };
    if (writer !== undefined && before?.shared === true && holders.length > 0) {
      if (removeWriters(file, (other) => !isAlive(other)) > 0) {
        file.meta.putSync(LEASE_KEY, encodeLease({ ...before, unclean: true }), before.generation);
      }
      enterWriter(file, writer);
      return before;
    }
    const [holder] = holders;
    if (holder !== undefined && !options.take_over) {
      throw new NervelineError('NL-LOG-010', { detail: `process ${holder.pid} writes this environment` });
    }
    return begin(file, { generation: (before?.generation ?? 0) + 1, address: options.address, writer });
  });
}

/** Lets go; false when somebody else has taken over. The generation stays, so that the next one is higher. */
export function releaseLease(file: EnvironmentFile, lease: Lease): Promise<boolean> {
  return file.meta.ifVersion(LEASE_KEY, lease.generation, () => {
    void file.meta.put(LEASE_KEY, encodeLease({ ...lease, held: false }), lease.generation);
  });
}

/** One of several lets go; true when it was the last, and all before it had let go themselves. */
export function leaveWriters(staging: Staging, lease: Lease, id: string): boolean {
  const { file } = staging;
  staging.write({ store: 'meta', key: writerKey(id), value: null });
  const others = readWriters(file).filter((writer) => writer.id !== id);
  if (others.some(isAlive)) return false;
  const value = encodeLease({ ...lease, held: false });
  staging.write({ store: 'meta', key: LEASE_KEY, value, version: lease.generation });
  return others.length === 0 && readLease(file)?.unclean !== true;
}

/** Everybody else who may write and lives. One of this process is a leftover of an attempt to open. */
function livingHolders(file: EnvironmentFile, lease: Lease | undefined): { readonly pid: number }[] {
  if (lease?.held !== true) return [];
  const holders = lease.shared === true ? readWriters(file) : [lease];
  return holders.filter((holder) => holder.pid !== process.pid && isAlive(holder));
}

function begin(
  file: EnvironmentFile,
  { generation, address, writer }: { generation: number; address: string; writer: WriterEntry | undefined },
): Lease {
  const lease: Lease = { generation, address, ...ownIdentity(), held: true, shared: writer !== undefined };
  file.meta.putSync(LEASE_KEY, encodeLease(lease), generation);
  removeWriters(file, () => true);
  if (writer !== undefined) enterWriter(file, writer);
  // What others have staged on the ground of an older state fails by it.
  const sequence = file.meta.getEntry(SEQUENCE_KEY)?.version ?? 0;
  file.meta.putSync(SEQUENCE_KEY, SEQUENCE_KEY, sequence + 1);
  return lease;
}
