import type { GroupMember, JoinOptions } from './group';
import type {
  CommitPort,
  Generation,
  InputPosition,
  Offset,
  OutRecord,
  RecordHeaders,
  RecordPosition,
} from '@nerveline/kernel';

/** A record as it stands in the log. Bytes are views: copy what must outlive the batch. */
export interface LogRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: Offset;
  readonly key: Uint8Array | null;
  /** `null` is a tombstone. */
  readonly value: Uint8Array | null;
  readonly headers: RecordHeaders;
  /** Event time, given by the writer. */
  readonly timestamp_ms: number;
  /** Wall time of the durable append, given by the log. */
  readonly appended_ms: number;
}

export interface ReadRequest {
  readonly topic: string;
  readonly partition: number;
  /** The first offset wanted. */
  readonly from: Offset;
  /** Soft bound: reading stops behind the record that passes it, and at least one record is given if there is one. */
  readonly max_bytes?: number;
  readonly max_records?: number;
}

export interface ReadBatch {
  readonly records: readonly LogRecord[];
  /** Where the next read goes on; beyond the last record where compaction left a gap. */
  readonly next_offset: Offset;
  /** The partition's next offset when the batch was read: what is between is lag. */
  readonly tail_offset: Offset;
}

/** What a partition holds: offsets from `start_offset` up to and without `next_offset`. */
export interface PartitionRange {
  /** The offset that the next append gets. */
  readonly next_offset: Offset;
  /** The first offset that is still there. */
  readonly start_offset: Offset;
}

export interface PartitionTail extends PartitionRange {
  /** The last record, for a writer that resumes; undefined when the partition is empty. */
  readonly last: LogRecord | undefined;
}

export interface TopicDescription {
  readonly topic: string;
  readonly owner: string;
  readonly partitions: readonly PartitionRange[];
}

/** Who owns a key: its address for HTTP, and the generation that a forwarded call carries. */
export interface Owner {
  readonly address: string;
  readonly generation: Generation;
}

/** Keyed state that is committed together with the log. Reads see what is durable. */
export interface StateReader {
  get(store: string, key: string): Uint8Array | undefined;
  /** Keys that begin with `prefix`, in order. */
  scan(store: string, prefix: string): Iterable<readonly [key: string, value: Uint8Array]>;
}

/**
 * The durable, replayable log. What is read is durable; what was appended is read in the same order by everybody.
 */
export interface Log extends CommitPort {
  /**
   * Appends in the given order and resolves when all are durable, with their positions. When it rejects, the embedded log
   * holds none of them. On Kafka each partition may hold the first of what went there, in order: who goes on asks
   * {@link tail}, and who needs all or none takes {@link commit}.
   *
   * @throws NervelineError `NL-LOG-001` unknown topic, `NL-LOG-002` not the owner, `NL-LOG-003` not durable,
   *   `NL-LOG-004` fenced, `NL-LOG-007` too large, `NL-LOG-013` too much is waiting
   */
  append(records: readonly OutRecord[]): Promise<readonly RecordPosition[]>;

  /** @throws NervelineError `NL-LOG-001`, `NL-LOG-008`, `NL-LOG-009`, `NL-LOG-012` */
  read(request: ReadRequest): Promise<ReadBatch>;

  /**
   * Resolves as soon as one of the positions has a record (true), or when the signal aborts (false). Costs nothing
   * while it waits.
   *
   * @param onRecords hears the index of each position that was seen to have a record, where the log can tell
   */
  waitForRecords(
    positions: readonly { readonly topic: string; readonly partition: number; readonly next_offset: Offset }[],
    signal: AbortSignal,
    onRecords?: (index: number) => void,
  ): Promise<boolean>;

  /** How many partitions a topic has, also before anything was written. @throws NervelineError `NL-LOG-001` */
  partitionCount(topic: string): Promise<number>;

  tail(topic: string, partition: number): Promise<PartitionTail>;

  /** The first offset whose record has this event time or a later one; the tail when there is none. */
  offsetAt(topic: string, partition: number, timestamp_ms: number): Promise<Offset>;

  /** What a group of any service has committed. Empty when the group is new. */
  positions(group: string): Promise<readonly InputPosition[]>;

  /** Every group that has committed a position, of every service that has started once. */
  groups(): Promise<readonly string[]>;

  /** Drops records below the offset. Only for the owner. */
  truncateBefore(topic: string, partition: number, before: Offset): Promise<void>;

  /** Topics that exist, of every service that has started once. */
  describe(): Promise<readonly TopicDescription[]>;

  readonly state: StateReader;

  /**
   * Becomes a member of a group: the partitions of its topics are shared among the members, each has one owner at a time,
   * and those of a member that dies or hangs go to the others.
   *
   * @throws NervelineError `NL-LOG-001`, `NL-LOG-002`
   */
  join(options: JoinOptions): Promise<GroupMember>;

  /** @throws NervelineError `NL-LOG-008` while nobody owns it */
  ownerOf(topic: string, key: string): Promise<Owner>;

  /** Finishes what was accepted, then lets go of files and sockets. */
  close(): Promise<void>;
}
