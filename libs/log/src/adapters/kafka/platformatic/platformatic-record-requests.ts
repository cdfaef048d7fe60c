import type * as client from '@platformatic/kafka';
import type { Connection } from '@platformatic/kafka';
import { byTopic } from '../wire/by-topic';
import type {
  BrokerAddress,
  ClusterMetadata,
  CommittedOffset,
  FetchRequest,
  FetchResult,
  OffsetResult,
  Producer,
  ProduceRequest,
  TopicPartition,
} from '../wire/broker-connection';
import { check, KafkaConnectionError } from '../wire/kafka-error';
import { toFetchResults, toMessages } from './platformatic-records';

export type Client = typeof client;

/** What is smaller than this travels as it is: compressing costs more than it saves. */
const MIN_COMPRESSED_BYTES = 1_024;

const CLOSED_EARLY = 'the connection was closed';
const READ_COMMITTED = 1;
const GROUP = 0;
const TRANSACTION = 1;

const partitionsByTopic = (partitions: readonly TopicPartition[]) =>
  byTopic(partitions).map(([name, of_topic]) => ({ name, partitions: of_topic.map(({ partition }) => partition) }));

/** Requests of one @platformatic/kafka connection for topics, records and transactions. */
export abstract class PlatformaticRecordRequests {
  constructor(
    protected readonly client: Client,
    private readonly broker: string,
    protected readonly connection: Connection,
  ) {}

  close(): void {
    this.connection.socket.destroy();
  }

  async metadata(topics: readonly string[]): Promise<ClusterMetadata> {
    const answer = await this.ask(this.client.metadataV9.api.async(this.connection, [...topics], false, false));
    return {
      brokers: answer.brokers.map(({ nodeId, host, port }) => ({ node_id: nodeId, host, port })),
      topics: answer.topics.map(({ name, errorCode, partitions }) => ({
        topic: name ?? '',
        error: errorCode,
        partitions: partitions.map(({ partitionIndex, leaderId, replicaNodes }) => ({
          partition: partitionIndex,
          leader: leaderId,
          replicas: replicaNodes.length,
        })),
      })),
    };
  }

  async findCoordinator(kind: 'group' | 'transaction', key: string): Promise<BrokerAddress> {
    const type = kind === 'group' ? GROUP : TRANSACTION;
    const answer = await this.ask(this.client.findCoordinatorV4.api.async(this.connection, type, [key]));
    const [coordinator] = answer.coordinators;
    if (coordinator === undefined) throw new KafkaConnectionError(this.broker, { cause: 'no coordinator' });
    check(coordinator.errorCode, 'FindCoordinator');
    return coordinator;
  }

  async produce({ producer, compression, batches, timeout_ms }: ProduceRequest): Promise<readonly OffsetResult[]> {
    const messages = batches.flatMap(toMessages);
    const size_bytes = messages.reduce((sum, { value }: { value: Buffer | null }) => sum + (value?.length ?? 0), 0);
    const sequences = new this.client.NumericMap();
    for (const { topic, partition, first_sequence } of batches) sequences.set(`${topic}:${partition}`, first_sequence);
    const answer = await this.ask(
      this.client.produceV8.api.async(this.connection, this.client.ProduceAcks.ALL, timeout_ms, messages, {
        transactionalId: producer.transactional_id,
        producerId: producer.producer_id,
        producerEpoch: producer.epoch,
        compression: size_bytes < MIN_COMPRESSED_BYTES ? 'none' : compression,
        sequences,
      }),
    );
    if (typeof answer === 'boolean') return [];
    return answer.responses.flatMap(({ name, partitionResponses }) =>
      partitionResponses.map(({ index, errorCode, baseOffset }) => ({
        topic: name,
        partition: index,
        error: errorCode,
        offset: Number(baseOffset),
      })),
    );
  }

  async fetch(request: FetchRequest): Promise<readonly FetchResult[]> {
    const topics = byTopic(request.partitions).map(([topic, of_topic]) => ({
      // Version 12 goes by names, in a field that is called an id.
      topicId: topic,
      partitions: of_topic.map(({ partition, offset, max_bytes }) => ({
        partition,
        currentLeaderEpoch: -1,
        fetchOffset: BigInt(offset),
        lastFetchedEpoch: -1,
        partitionMaxBytes: max_bytes,
      })),
    }));
    const { max_wait_ms, max_bytes } = request;
    const api = this.client.fetchV12.api;
    const session = [0, -1] as const;
    const answer = await this.ask(
      api.async(this.connection, max_wait_ms, 1, max_bytes, READ_COMMITTED, ...session, topics, [], ''),
    );
    return toFetchResults(answer, request);
  }

  async listOffsets(wanted: readonly (TopicPartition & { timestamp_ms: number })[]): Promise<readonly OffsetResult[]> {
    const topics = byTopic(wanted).map(([name, of_topic]) => ({
      name,
      partitions: of_topic.map(({ partition, timestamp_ms }) => ({
        partitionIndex: partition,
        currentLeaderEpoch: -1,
        timestamp: BigInt(timestamp_ms),
      })),
    }));
    const answer = await this.ask(this.client.listOffsetsV5.api.async(this.connection, -1, READ_COMMITTED, topics));
    return answer.topics.flatMap(({ name, partitions }) =>
      partitions.map(({ partitionIndex, errorCode, offset }) => ({
        topic: name,
        partition: partitionIndex,
        error: errorCode,
        offset: Number(offset),
      })),
    );
  }

  async initProducer(transactional_id: string | null, timeout_ms: number): Promise<Producer> {
    const api = this.client.initProducerIdV3.api;
    const answer = await this.ask(api.async(this.connection, transactional_id, timeout_ms, -1n, -1));
    check(answer.errorCode, 'InitProducerId');
    return { transactional_id, producer_id: answer.producerId, epoch: answer.producerEpoch };
  }

  async addPartitionsToTransaction(producer: Producer, partitions: readonly TopicPartition[]): Promise<void> {
    const transaction = { ...identity(producer), verifyOnly: false, topics: partitionsByTopic(partitions) };
    const answer = await this.ask(this.client.addPartitionsToTxnV4.api.async(this.connection, [transaction]));
    check(answer.errorCode, 'AddPartitionsToTxn');
    for (const { topicResults } of answer.resultsByTransaction) {
      for (const { resultsByPartition } of topicResults) {
        for (const { partitionErrorCode } of resultsByPartition) check(partitionErrorCode, 'AddPartitionsToTxn');
      }
    }
  }

  async addOffsetsToTransaction(producer: Producer, group: string): Promise<void> {
    const { transactionalId, producerId, producerEpoch } = identity(producer);
    const api = this.client.addOffsetsToTxnV3.api;
    const answer = await this.ask(api.async(this.connection, transactionalId, producerId, producerEpoch, group));
    check(answer.errorCode, 'AddOffsetsToTxn');
  }

  async commitOffsetsInTransaction(
    producer: Producer,
    group: string,
    offsets: readonly CommittedOffset[],
  ): Promise<void> {
    const { transactionalId, producerId, producerEpoch } = identity(producer);
    const topics = byTopic(offsets).map(([name, of_topic]) => ({
      name,
      partitions: of_topic.map(({ partition, offset, metadata }) => ({
        partitionIndex: partition,
        committedOffset: BigInt(offset),
        committedLeaderEpoch: -1,
        committedMetadata: metadata,
      })),
    }));
    const who = [transactionalId, group, producerId, producerEpoch] as const;
    const api = this.client.txnOffsetCommitV3.api;
    const answer = await this.ask(api.async(this.connection, ...who, -1, '', null, topics));
    for (const { partitions } of answer.topics)
      for (const { errorCode } of partitions) check(errorCode, 'TxnOffsetCommit');
  }

  async endTransaction(producer: Producer, commit: boolean): Promise<void> {
    const { transactionalId, producerId, producerEpoch } = identity(producer);
    const api = this.client.endTxnV3.api;
    const answer = await this.ask(api.async(this.connection, transactionalId, producerId, producerEpoch, commit));
    check(answer.errorCode, 'EndTxn');
  }

  /** An answer with errors in it is an answer: each part of it has its own. */
  protected async ask<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (cause) {
      if (cause instanceof this.client.ResponseError) return cause['response'] as T;
      throw new KafkaConnectionError(this.broker, { cause: cause ?? CLOSED_EARLY });
    }
  }
}

const identity = ({ transactional_id, producer_id, epoch }: Producer) => ({
  transactionalId: transactional_id ?? '',
  producerId: producer_id,
  producerEpoch: epoch,
});
