import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Transaction } from 'lmdb';
import { EnvironmentFile } from '../adapters/embedded/environment-file';
import { encodeLease, LEASE_KEY, readLease } from '../adapters/embedded/lease';
import { readWriters, writerKey } from '../adapters/embedded/writer-entries';

const STORES = ['meta', 'partitions', 'batches', 'positions', 'state'] as const;
/** What one transaction of the copy takes. */
const SLICE_BYTES = 8 * 1024 * 1024;

/**
 * Writes what a snapshot shows into an environment of its own, which nobody holds. Only what is in use is copied.
 *
 * @throws NervelineError `NL-LOG-006`
 */
export async function copyEnvironment(from: EnvironmentFile, transaction: Transaction, to: string): Promise<void> {
  const copy = EnvironmentFile.openForWriting(to);
  try {
    for (const store of STORES) await copyStore(from, copy, { store, transaction });
    copy.transactSync(() => letGo(copy));
  } finally {
    await copy.close();
    // Of the handle that was just closed; whoever opens the copy makes it anew.
    rmSync(join(to, 'lock.mdb'), { force: true });
  }
}

async function copyStore(
  from: EnvironmentFile,
  copy: EnvironmentFile,
  { store, transaction }: { readonly store: (typeof STORES)[number]; readonly transaction: Transaction },
): Promise<void> {
  const versions = store === 'meta';
  const entries = from[store].getRange({ transaction, versions })[Symbol.iterator]();
  for (let done = false; !done;) {
    copy.transactSync(() => {
      for (let size_bytes = 0; size_bytes < SLICE_BYTES;) {
        const next = entries.next();
        if (next.done === true) {
          done = true;
          return;
        }
        const { key, value, version } = next.value;
        if (versions) copy.meta.putSync(key, value, version ?? 0);
        else copy[store].putSync(key, value);
        size_bytes += key.length + value.length;
      }
    });
    // Others of this process get their turn between two slices.
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** The writer of the original doesn't write the copy. Its generation stays, so that the next one is higher. */
function letGo(copy: EnvironmentFile): void {
  const lease = readLease(copy);
  if (lease !== undefined) copy.meta.putSync(LEASE_KEY, encodeLease({ ...lease, held: false }), lease.generation);
  // Their files of this machine stay: the originals use them.
  for (const { id } of readWriters(copy)) copy.meta.removeSync(writerKey(id));
}
