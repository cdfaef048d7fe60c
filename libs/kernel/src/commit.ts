import type { Brand } from './brand';
import type { Offset, RecordPosition } from './offset';

/** Counts the owners of an environment or partition; a commit of an older one is refused, so a paused owner does no harm. */
export type Generation = Brand<number, 'Generation'>;

/** What rides beside a record's value, by name: where it came from, who caused it, its trace. */
export type RecordHeaders = Readonly<Record<string, string>>;

/** A record on its way into the log. */
export interface OutRecord {
  readonly topic: string;
  /** Chosen from the key when absent. */
  readonly partition?: number;
  /** Records of one key keep their order. Begins with the tenant. */
  readonly key: string | Uint8Array | null;
  /** `null` is a tombstone: the key is gone. */
  readonly value: Uint8Array | null;
  readonly headers?: RecordHeaders;
  /** Event time. */
  readonly timestamp_ms: number;
}

/** One write into the keyed state that lives beside the log. */
export interface StateWrite {
  readonly store: string;
  readonly key: string;
  /** `null` removes the key. */
  readonly value: Uint8Array | null;
}

/**
 * What a group has applied of one partition: everything below `next_offset`, and the offsets in `applied_above` (a
 * record that was parked leaves a gap, and the ones behind it are done).
 */
export interface InputPosition {
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
  readonly next_offset: Offset;
  readonly applied_above: readonly Offset[];
}

/**
 * One member's right to the partitions of one number of a group: partition 3 of every topic that the group reads goes to
 * the same member, so that what belongs together by key lies in one hand.
 */
export interface Ownership {
  readonly group: string;
  readonly partition: number;
  /** Grows with each new owner. */
  readonly generation: Generation;
}

/** Everything that one step of a processor brings about. */
export interface Commit {
  /** In whose name: a commit under an older generation is refused whole. Without it, the writer's own right counts. */
  readonly ownership?: Ownership;
  readonly appends?: readonly OutRecord[];
  readonly state?: readonly StateWrite[];
  readonly positions?: readonly InputPosition[];
}

/**
 * Makes outputs, state and input positions durable and visible together or not at all: the foundation of "effect once".
 */
export interface CommitPort {
  /**
   * Resolves when the commit is durable, with the positions of its appends in their order.
   *
   * @throws NervelineError `NL-LOG-004` when another owner took over, `NL-LOG-003` when it can't be made durable
   */
  commit(commit: Commit): Promise<readonly RecordPosition[]>;
}
