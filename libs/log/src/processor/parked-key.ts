import type { HeldRecord } from '@nerveline/contracts';
import type { Offset, OutRecord } from '@nerveline/kernel';
import type { HandlerRun } from './handler-run';

/** A record in the parked topic. Its bytes stay there until they are needed. */
export interface ParkedRecord {
  readonly id: string;
  /** Where it lies in the parked topic. */
  offset: Offset;
  /** Where it stood first. */
  readonly first: Pick<HeldRecord, 'topic' | 'partition' | 'offset'>;
  attempts: number;
  first_failed_ms: number | undefined;
}

/** A key that waits. */
export interface ParkedKey {
  readonly name: string;
  /** In the order in which they stood in their topic. */
  readonly waiting: ParkedRecord[];
  /** On their way into the parked topic. */
  arriving: number;
  failures: number;
  trying: boolean;
  /** The last try succeeded: the next one need not wait. */
  flowing: boolean;
  cancel: (() => void) | undefined;
  /** A call that was cut off and hasn't ended: two of one key never run side by side. */
  last_run: HandlerRun | undefined;
}

/** A held record on its way into its topic. */
export interface Arriving {
  readonly append: OutRecord;
  /** It is durable there. */
  placed(at: Offset): void;
}

export const newParkedKey = (name: string): ParkedKey => ({
  name,
  waiting: [],
  arriving: 0,
  failures: 0,
  trying: false,
  flowing: false,
  cancel: undefined,
  last_run: undefined,
});
