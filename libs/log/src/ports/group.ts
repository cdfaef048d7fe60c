import type { Ownership } from '@nerveline/kernel';

export interface JoinOptions {
  /** `SERVICE.PURPOSE`. All members of a group read the same topics. */
  readonly group: string;
  readonly topics: readonly string[];
  /** Where calls for keys of this member's partitions go; others learn it from {@link Log.ownerOf}. */
  readonly address?: string;
  /** After this long without a sign of life a member loses its partitions. More than three heartbeats. */
  readonly session_ms?: number;
  /**
   * Partitions that now belong to this member: resolves when it is ready for them. A rejection ends the membership with
   * the error.
   */
  onAssigned(ownerships: readonly Ownership[]): Promise<void>;
  /**
   * Before they go to somebody else: finish or leave what is in hand. They go when it resolves, or when the group
   * waits no longer; a commit that comes later is refused with `NL-LOG-004`.
   */
  onRevoked(ownerships: readonly Ownership[]): Promise<void>;
  /** They are gone already, since this process was not heard of for too long: nothing can be committed any more. */
  onLost(ownerships: readonly Ownership[]): void;
}

/** A process's part in a group. */
export interface GroupMember {
  /** What it owns at this moment, by partition number. */
  readonly ownerships: ReadonlyMap<number, Ownership>;
  /** Resolves after leave(), rejects with what ended the membership. */
  readonly done: Promise<void>;
  /** Gives every partition back, onRevoked first. */
  leave(): Promise<void>;
}
