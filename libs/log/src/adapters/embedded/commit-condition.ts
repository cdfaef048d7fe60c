import type { EnvironmentFile } from './environment-file';
import { LEASE_KEY } from './lease';
import { SEQUENCE_KEY } from './writer-entries';

/** What must still hold inside the transaction for it to be made: an entry of `meta` at a version. */
export interface CommitCondition {
  readonly key: Buffer;
  readonly version: number;
  /** In shared mode: the count of transactions that it was staged on, and the one that it leaves. */
  readonly sequence: { readonly before: number; readonly after: number } | undefined;
}

/** Undefined when the environment was taken over. Inside the view that stages the transaction. */
export function readCommitCondition(
  file: EnvironmentFile,
  { generation, shared }: { readonly generation: number; readonly shared: boolean },
): CommitCondition | undefined {
  // The sole writer needn't look: nobody else changes what it reads, and the transaction checks its generation.
  if (!shared) return { key: LEASE_KEY, version: generation, sequence: undefined };
  if (file.meta.getEntry(LEASE_KEY)?.version !== generation) return undefined;
  const before = file.meta.getEntry(SEQUENCE_KEY)?.version ?? 0;
  return { key: SEQUENCE_KEY, version: before, sequence: { before, after: before + 1 } };
}
