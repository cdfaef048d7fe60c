import type { OutRecord, StateWrite } from '@nerveline/kernel';
import type { LogRecord } from './log';

/** What a batch brought about: it becomes durable together with the batch's input positions. */
export interface Effects {
  readonly appends?: readonly OutRecord[];
  readonly state?: readonly StateWrite[];
}

export interface ConsumerOptions {
  /** Names the committed positions: `SERVICE.PURPOSE`. */
  readonly group: string;
  readonly topics: readonly string[];
  /** Where a group without committed positions begins. */
  readonly from: 'earliest' | 'latest';
  readonly max_batch_bytes?: number;
  /**
   * Handles a batch of one partition, in the order of the log; nothing else of this group runs meanwhile. Called again
   * with the same batch after a retriable error; another error stops the consumer.
   */
  handle(records: readonly LogRecord[]): Promise<Effects | void> | Effects | void;
  /** Called before each new try of a batch or its commit, for the log and the metrics. */
  onRetry?(error: unknown, failures: number): void;
}

export interface Consumer {
  /** Next offset by `topic/partition`: what the read vector of a decision takes. */
  readonly next_offsets: Readonly<Record<string, number>>;
  /** Resolves when everything that was in the log at this moment has been handled. */
  caughtUp(): Promise<void>;
  /** Resolves after stop(), rejects with the error that ended the consumer. */
  readonly done: Promise<void>;
  /** Finishes the batch in hand and commits it. */
  stop(): Promise<void>;
}
