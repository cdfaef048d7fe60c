import type { DeadLetterFilter, HeldRecord } from '@nerveline/contracts';
import type { Offset, OutRecord, Ownership } from '@nerveline/kernel';
import type { Consumer, Effects } from '../ports/consumer';
import type { LogRecord } from '../ports/log';

/** What a handler gets beside the record. For a batch, what is said holds for its first record. */
export interface RecordContext {
  /** 1 at the first try. */
  readonly attempt: number;
  /** Wall time at which the handler is cut off. */
  readonly deadline_ms: number;
  /** Aborts at the deadline, and when the partition goes to another process. */
  readonly signal: AbortSignal;
  /** What `decode` made of the records, in their order; one where the handler takes one record. */
  readonly payloads: readonly unknown[];
  /** Says that the handler is alive: the deadline counts from now on. */
  heartbeat(): void;
  /** Which positions of the record's partition this group has not settled for good: for effects outside of the log. */
  unsettled(): Unsettled;
}

/** Everything of the partition that is below `next_offset` and not in `held` will not be handled again. */
export interface Unsettled {
  readonly next_offset: Offset;
  readonly held: readonly Offset[];
}

export interface RetryPolicy {
  /** Waits between tries in place double from here. */
  readonly first_ms: number;
  readonly longest_ms: number;
  /** After this long the key is parked. */
  readonly in_place_ms: number;
  /** Waits between tries of a parked key double from here. */
  readonly parked_first_ms: number;
  readonly parked_longest_ms: number;
  /** So long after its first failure a record goes to the dead letters. */
  readonly give_up_after_ms: number;
}

/** Where records go that can't be handled. Both topics have at least as many partitions as those that are read. */
export interface HeldTopicNames {
  readonly parked: string;
  readonly dead_letters: string;
}

interface CommonOptions {
  /** Names the committed positions: `SERVICE.PURPOSE`. */
  readonly group: string;
  readonly topics: readonly string[];
  /** Where a group without committed positions begins. */
  readonly from: 'earliest' | 'latest';
  /** How many handlers run side by side; 64 when absent. */
  readonly concurrency?: number;
  /** A handler that takes longer is cut off; 30 s when absent. */
  readonly deadline_ms?: number;
  /**
   * `'stop'`: a retriable error is tried again in place for as long as it takes, another one ends the processor. With
   * topics, the key is parked and the record becomes a dead letter.
   */
  readonly failures: 'stop' | HeldTopicNames;
  readonly retry?: Partial<RetryPolicy>;
  /** Is it worth trying again? Kernel errors and errors of networks and databases are known when absent. */
  readonly isRetriable?: (error: unknown) => boolean;
  /** Reads and checks a record before the handler sees it: what it gives stands in the context's `payloads`. */
  readonly decode?: (record: LogRecord) => unknown;
  /** What becomes of a record that `decode` refuses with `NL-LOG-011`; a dead letter when absent. */
  readonly on_invalid?: 'dlq' | 'stop';
  /** What is read and not yet settled, keys and values; 16 MiB when absent. Each partition may pass it by one read. */
  readonly max_in_flight_bytes?: number;
  /** How far reading may be ahead of the oldest unsettled record of a partition; 10,000 when absent. */
  readonly max_ahead_records?: number;
  /** Records that wait in the parked topic by partition, until reading waits too; 10,000 when absent. */
  readonly max_parked_records?: number;
  /** Positions without effects are committed this long after the record was handled; 100 ms when absent. */
  readonly commit_interval_ms?: number;
  /** How long handlers have to end when their partition goes to another process or the processor stops; 10 s when absent. */
  readonly drain_ms?: number;
  /** Where calls for keys of this process go. */
  readonly address?: string;
  readonly session_ms?: number;
  /** Called before each new try, for the log and the metrics. */
  readonly onRetry?: (error: unknown, failures: number) => void;
  /** Called when a record was parked or became a dead letter, durably. */
  readonly onHeld?: (held: HeldNews) => void;
}

/** A record that could not be handled, and what became of it. */
export interface HeldNews {
  readonly fate: 'parked' | 'dead_letter';
  readonly record: LogRecord;
  readonly error: unknown;
  readonly attempts: number;
}

export interface RecordProcessorOptions extends CommonOptions {
  /** Handles one record; those of its key wait meanwhile. */
  handle(record: LogRecord, context: RecordContext): Promise<Effects | void> | Effects | void;
}

export interface BatchProcessorOptions extends CommonOptions {
  /**
   * Handles records of one partition in the order of the log; those behind it in the partition wait meanwhile. A batch
   * that fails for good is taken apart, so that only what is at fault is held.
   */
  handleBatch(records: readonly LogRecord[], context: RecordContext): Promise<Effects | void> | Effects | void;
  /** 1 MiB when absent. Soft: a batch ends behind the record that passes it. */
  readonly max_batch_bytes?: number;
  /** 1,000 when absent. */
  readonly max_batch_records?: number;
}

export type ProcessorOptions = RecordProcessorOptions | BatchProcessorOptions;

/** What a processor has in hand. */
export interface ProcessorLoad {
  readonly partitions: number;
  readonly in_flight_bytes: number;
  readonly in_flight_records: number;
  readonly parked_keys: number;
  readonly parked_records: number;
}

export interface SettleDeadLetters {
  /** Records that become durable in the same step: who did it, and why. */
  audit?(letters: readonly HeldRecord[]): readonly OutRecord[];
}

export interface Processor extends Consumer {
  readonly load: ProcessorLoad;
  /** This process's right to the partitions of a number; undefined while it has none. */
  ownership(partition: number): Ownership | undefined;
  /**
   * Sends dead letters of the partitions that this process owns through the handler again, each with its first position,
   * before later records of its key that wait. Gives those that were sent.
   */
  redrive(filter: DeadLetterFilter, settling?: SettleDeadLetters): Promise<readonly HeldRecord[]>;
  /** Forgets dead letters of the partitions that this process owns. */
  discard(filter: DeadLetterFilter, settling?: SettleDeadLetters): Promise<readonly HeldRecord[]>;
}
