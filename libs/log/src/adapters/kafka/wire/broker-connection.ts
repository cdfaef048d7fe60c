import type { LogRecord } from '../../../ports/log';
import type { Compression } from './compression';

/*
 * What the adapter asks of a Kafka client: one TCP connection to one broker, and the requests below, each as the protocol
 * has it, with an error for each partition. Everything that has to be right under failures (metadata, leaders, retries,
 * sequences, transactions, membership, the fetch loop) is written once above this, for every client. See docs/adr/0005.
 */

export interface BrokerAddress {
  readonly host: string;
  readonly port: number;
}

/** A code of the Kafka protocol; 0 is none. See {@link kafkaErrors}. */
export type ErrorNumber = number;

export interface TopicMetadata {
  /** As the broker calls it. */
  readonly topic: string;
  readonly error: ErrorNumber;
  readonly partitions: readonly {
    readonly partition: number;
    readonly leader: number;
    readonly replicas: number;
  }[];
}

export interface ClusterMetadata {
  readonly brokers: readonly (BrokerAddress & { readonly node_id: number })[];
  readonly topics: readonly TopicMetadata[];
}

/** Who produces; the epoch fences an older one with the same transactional id. */
export interface Producer {
  readonly transactional_id: string | null;
  readonly producer_id: bigint;
  readonly epoch: number;
}

/** A record as it goes over the wire. */
export interface WireRecord {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** A whole number. */
  readonly timestamp_ms: number;
}

/** One record batch: all of it is stored, or nothing. */
export interface ProduceBatch {
  readonly topic: string;
  readonly partition: number;
  readonly first_sequence: number;
  readonly records: readonly WireRecord[];
}

export interface ProduceRequest {
  readonly producer: Producer;
  readonly compression: Compression;
  readonly batches: readonly ProduceBatch[];
  readonly timeout_ms: number;
}

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

export interface PartitionResult extends TopicPartition {
  readonly error: ErrorNumber;
}

export interface OffsetResult extends PartitionResult {
  readonly offset: number;
}

export interface FetchPartition extends TopicPartition {
  /** The name that records of it bear. */
  readonly label: string;
  readonly offset: number;
  readonly max_bytes: number;
}

export interface FetchRequest {
  readonly max_wait_ms: number;
  readonly max_bytes: number;
  readonly partitions: readonly FetchPartition[];
}

/** A record batch that was read. Control batches and what compaction left empty have no records, but they have an end. */
export interface FetchedBatch {
  readonly first_offset: number;
  readonly next_offset: number;
  readonly producer_id: bigint;
  readonly transactional: boolean;
  readonly control: boolean;
  /** What the records weigh, unpacked. */
  readonly size_bytes: number;
  readonly records: readonly LogRecord[];
}

export interface FetchResult extends PartitionResult {
  /** Up to here records are decided: the last stable offset. */
  readonly stable_offset: number;
  readonly aborted: readonly { readonly producer_id: bigint; readonly first_offset: number }[];
  readonly batches: readonly FetchedBatch[];
}

export interface CommittedOffset extends TopicPartition {
  readonly offset: number;
  readonly metadata: string;
}

export interface JoinRequest {
  readonly group: string;
  /** Empty for a new member. */
  readonly member_id: string;
  readonly session_ms: number;
  readonly rebalance_ms: number;
  readonly protocol: string;
  readonly metadata: Buffer;
}

export interface JoinResult {
  readonly error: ErrorNumber;
  readonly generation: number;
  readonly member_id: string;
  readonly leader_id: string;
  /** Given to the leader only. */
  readonly members: readonly { readonly member_id: string; readonly metadata: Buffer }[];
}

export interface MemberIdentity {
  readonly group: string;
  readonly generation: number;
  readonly member_id: string;
}

export interface GroupDescription {
  readonly state: string;
  readonly protocol: string;
  readonly members: readonly { readonly metadata: Buffer; readonly assignment: Buffer }[];
}

export interface NewTopic {
  readonly topic: string;
  readonly partitions: number;
  /** -1 takes the cluster's default. */
  readonly replication_factor: number;
  readonly configuration: Readonly<Record<string, string>>;
}

/**
 * Every call fails with a {@link KafkaConnectionError} when the connection is gone, silent for longer than its limit, or
 * refused; with a {@link KafkaProtocolError} when the whole request was.
 */
export interface BrokerConnection {
  metadata(topics: readonly string[]): Promise<ClusterMetadata>;
  findCoordinator(kind: 'group' | 'transaction', key: string): Promise<BrokerAddress>;
  produce(request: ProduceRequest): Promise<readonly OffsetResult[]>;
  fetch(request: FetchRequest): Promise<readonly FetchResult[]>;
  /** `timestamp_ms` -1 is the end of what is decided, -2 the beginning; an offset of -1 says that there is none. */
  listOffsets(partitions: readonly (TopicPartition & { timestamp_ms: number })[]): Promise<readonly OffsetResult[]>;
  initProducer(transactional_id: string | null, timeout_ms: number): Promise<Producer>;
  addPartitionsToTransaction(producer: Producer, partitions: readonly TopicPartition[]): Promise<void>;
  addOffsetsToTransaction(producer: Producer, group: string): Promise<void>;
  commitOffsetsInTransaction(producer: Producer, group: string, offsets: readonly CommittedOffset[]): Promise<void>;
  endTransaction(producer: Producer, commit: boolean): Promise<void>;
  /** `CompleteCommit` when everybody sees what was committed. */
  transactionState(transactional_id: string): Promise<string>;
  committedOffsets(group: string): Promise<readonly CommittedOffset[]>;
  joinGroup(request: JoinRequest): Promise<JoinResult>;
  /** @param assignments of the leader; others give none */
  syncGroup(member: MemberIdentity, assignments: ReadonlyMap<string, Buffer>): Promise<Buffer>;
  heartbeat(member: MemberIdentity): Promise<void>;
  leaveGroup(member: MemberIdentity): Promise<void>;
  describeGroup(group: string): Promise<GroupDescription>;
  listGroups(): Promise<readonly string[]>;
  createTopic(topic: NewTopic): Promise<ErrorNumber>;
  /** Settings of topics, by topic and name. */
  topicSettings(topics: readonly string[]): Promise<ReadonlyMap<string, ReadonlyMap<string, string>>>;
  deleteRecords(partition: TopicPartition, before: number): Promise<void>;
  /** Drops the socket at once; what is under way fails. */
  close(): void;
}

export interface ConnectOptions {
  /** After this long without an answer the connection is given up. */
  readonly silence_ms: number;
}

/** A Kafka client, seen as something that opens connections. */
export interface KafkaWire {
  /** @throws KafkaConnectionError */
  connect(address: BrokerAddress, options: ConnectOptions): Promise<BrokerConnection>;
}
