import { isNervelineError } from '@nerveline/kernel';
import type Connection from 'kafkajs/src/network/connection';
import type { Protocol } from 'kafkajs/src/protocol/requests';
import { byTopic } from '../wire/by-topic';
import type {
  BrokerAddress,
  BrokerConnection,
  ClusterMetadata,
  CommittedOffset,
  FetchRequest,
  FetchResult,
  GroupDescription,
  JoinRequest,
  JoinResult,
  MemberIdentity,
  NewTopic,
  OffsetResult,
  Producer,
  ProduceRequest,
  TopicPartition,
} from '../wire/broker-connection';
import { groupDescription } from '../wire/group-description';
import { check, KafkaConnectionError } from '../wire/kafka-error';
import type * as answers from './kafkajs-answers';
import {
  describeTransactionsProtocol,
  fetchProtocol,
  produceProtocol,
  protocolOf,
  type TransactionState,
} from './kafkajs-requests';

const GROUP = 0;
const TRANSACTION = 1;
const TOPIC_RESOURCE = 2;

const partitionsByTopic = (partitions: readonly TopicPartition[]) =>
  byTopic(partitions).map(([topic, of_topic]) => ({ topic, partitions: of_topic.map(({ partition }) => partition) }));

/** The requests of one kafkajs connection; a method for each, so it is longer than most files. */
export class KafkajsConnection implements BrokerConnection {
  constructor(
    private readonly broker: string,
    private readonly connection: Connection,
    readonly close: () => void,
  ) {}

  async metadata(topics: readonly string[]): Promise<ClusterMetadata> {
    const answer = await this.ask<answers.Metadata>('Metadata', 6, { topics, allowAutoTopicCreation: false });
    return {
      brokers: answer.brokers.map(({ nodeId, host, port }) => ({ node_id: nodeId, host, port })),
      topics: answer.topicMetadata.map(({ topic, topicErrorCode, partitionMetadata }) => ({
        topic,
        error: topicErrorCode,
        partitions: partitionMetadata.map(({ partitionId, leader, replicas }) => ({
          partition: partitionId,
          leader,
          replicas: replicas.length,
        })),
      })),
    };
  }

  async findCoordinator(kind: 'group' | 'transaction', key: string): Promise<BrokerAddress> {
    const parameters = { coordinatorKey: key, coordinatorType: kind === 'group' ? GROUP : TRANSACTION };
    const answer = await this.ask<answers.Coordinator>('GroupCoordinator', 2, {
      ...parameters,
      groupId: key,
    });
    check(answer.errorCode, 'FindCoordinator');
    return answer.coordinator;
  }

  async produce(request: ProduceRequest): Promise<readonly OffsetResult[]> {
    return this.send(produceProtocol(request));
  }

  async fetch(request: FetchRequest): Promise<readonly FetchResult[]> {
    return this.send(fetchProtocol(request));
  }

  async listOffsets(wanted: readonly (TopicPartition & { timestamp_ms: number })[]): Promise<readonly OffsetResult[]> {
    const topics = byTopic(wanted).map(([topic, of_topic]) => ({
      topic,
      partitions: of_topic.map(({ partition, timestamp_ms }) => ({ partition, timestamp: timestamp_ms })),
    }));
    const { responses } = await this.ask<answers.Offsets>('ListOffsets', 3, { topics });
    return responses.flatMap(({ topic, partitions }) =>
      partitions.map(({ partition, errorCode, offset }) => ({
        topic,
        partition,
        error: errorCode,
        offset: Number(offset),
      })),
    );
  }

  async initProducer(transactional_id: string | null, timeout_ms: number): Promise<Producer> {
    const parameters = { transactionalId: transactional_id, transactionTimeout: timeout_ms };
    const answer = await this.ask<answers.ProducerId>('InitProducerId', 1, parameters);
    check(answer.errorCode, 'InitProducerId');
    return { transactional_id, producer_id: BigInt(answer.producerId), epoch: answer.producerEpoch };
  }

  async addPartitionsToTransaction(producer: Producer, partitions: readonly TopicPartition[]): Promise<void> {
    const parameters = { ...identity(producer), topics: partitionsByTopic(partitions) };
    const { errors } = await this.ask<answers.TransactionPartitions>('AddPartitionsToTxn', 1, parameters);
    checkEach(
      errors.flatMap(({ partitionErrors }) => partitionErrors),
      'AddPartitionsToTxn',
    );
  }

  async addOffsetsToTransaction(producer: Producer, group: string): Promise<void> {
    const answer = await this.ask<answers.Plain>('AddOffsetsToTxn', 1, { ...identity(producer), groupId: group });
    check(answer.errorCode, 'AddOffsetsToTxn');
  }

  async commitOffsetsInTransaction(
    producer: Producer,
    group: string,
    offsets: readonly CommittedOffset[],
  ): Promise<void> {
    const topics = byTopic(offsets).map(([topic, partitions]) => ({ topic, partitions }));
    const parameters = { ...identity(producer), groupId: group, topics };
    const answer = await this.ask<answers.CommittedInTransaction>('TxnOffsetCommit', 1, parameters);
    checkEach(
      answer.topics.flatMap(({ partitions }) => partitions),
      'TxnOffsetCommit',
    );
  }

  async endTransaction(producer: Producer, commit: boolean): Promise<void> {
    const parameters = { ...identity(producer), transactionResult: commit };
    check((await this.ask<answers.Plain>('EndTxn', 1, parameters)).errorCode, 'EndTxn');
  }

  async transactionState(transactional_id: string): Promise<string> {
    const { error, state } = await this.send<TransactionState>(describeTransactionsProtocol(transactional_id));
    check(error, 'DescribeTransactions');
    return state;
  }

  async committedOffsets(group: string): Promise<readonly CommittedOffset[]> {
    const answer = await this.ask<answers.GroupOffsets>('OffsetFetch', 4, { groupId: group, topics: [] });
    check(answer.errorCode, 'OffsetFetch');
    const offsets = answer.responses.flatMap(({ topic, partitions }) => partitions.map((each) => ({ topic, ...each })));
    checkEach(offsets, 'OffsetFetch');
    return offsets
      .map(({ topic, partition, offset, metadata }) => ({
        topic,
        partition,
        offset: Number(offset),
        metadata: metadata ?? '',
      }))
      .filter(({ offset }) => offset >= 0);
  }

  async joinGroup(request: JoinRequest): Promise<JoinResult> {
    const answer = await this.ask<answers.Joined>('JoinGroup', 5, {
      groupId: request.group,
      memberId: request.member_id,
      sessionTimeout: request.session_ms,
      rebalanceTimeout: request.rebalance_ms,
      protocolType: 'consumer',
      groupProtocols: [{ name: request.protocol, metadata: request.metadata }],
    });
    return {
      error: answer.errorCode,
      generation: answer.generationId,
      member_id: answer.memberId ?? '',
      leader_id: answer.leaderId ?? '',
      members: answer.members.map(({ memberId, memberMetadata }) => ({
        member_id: memberId,
        metadata: memberMetadata,
      })),
    };
  }

  async syncGroup(member: MemberIdentity, assignments: ReadonlyMap<string, Buffer>): Promise<Buffer> {
    const groupAssignment = [...assignments].map(([memberId, memberAssignment]) => ({ memberId, memberAssignment }));
    const answer = await this.ask<answers.Synced>('SyncGroup', 3, { ...membership(member), groupAssignment });
    check(answer.errorCode, 'SyncGroup');
    return answer.memberAssignment;
  }

  async heartbeat(member: MemberIdentity): Promise<void> {
    const parameters = { ...membership(member), groupGenerationId: member.generation };
    check((await this.ask<answers.Plain>('Heartbeat', 3, parameters)).errorCode, 'Heartbeat');
  }

  async leaveGroup(member: MemberIdentity): Promise<void> {
    check((await this.ask<answers.Plain>('LeaveGroup', 3, membership(member))).errorCode, 'LeaveGroup');
  }

  async describeGroup(group: string): Promise<GroupDescription> {
    const { groups } = await this.ask<answers.Groups>('DescribeGroups', 2, { groupIds: [group] });
    return groupDescription(groups[0], ({ state, protocol }) => ({ state, protocol }));
  }

  async listGroups(): Promise<readonly string[]> {
    const answer = await this.ask<answers.GroupNames>('ListGroups', 2, {});
    check(answer.errorCode, 'ListGroups');
    return answer.groups.map(({ groupId }) => groupId);
  }

  async createTopic({ topic, partitions, replication_factor, configuration }: NewTopic): Promise<number> {
    const configEntries = Object.entries(configuration).map(([name, value]) => ({ name, value }));
    const definition = { topic, numPartitions: partitions, replicationFactor: replication_factor, configEntries };
    const parameters = { topics: [definition], validateOnly: false, timeout: CREATE_TIMEOUT_MS };
    const { topicErrors } = await this.ask<answers.CreatedTopics>('CreateTopics', 3, parameters);
    return topicErrors[0]?.errorCode ?? 0;
  }

  async topicSettings(topics: readonly string[]): Promise<ReadonlyMap<string, ReadonlyMap<string, string>>> {
    const resources = topics.map((name) => ({ type: TOPIC_RESOURCE, name, configNames: SETTINGS }));
    const answer = await this.ask<answers.Settings>('DescribeConfigs', 2, { resources, includeSynonyms: false });
    checkEach(answer.resources, 'DescribeConfigs');
    return new Map(
      answer.resources.map(({ resourceName, configEntries }) => [
        resourceName,
        new Map(configEntries.map(({ configName, configValue }) => [configName, configValue ?? ''])),
      ]),
    );
  }

  async deleteRecords({ topic, partition }: TopicPartition, before: number): Promise<void> {
    const topics = [{ topic, partitions: [{ partition, offset: before }] }];
    const answer = await this.ask<answers.DeletedRecords>('DeleteRecords', 1, { topics, timeout: CREATE_TIMEOUT_MS });
    checkEach(
      answer.topics.flatMap(({ partitions }) => partitions),
      'DeleteRecords',
    );
  }

  private async ask<T>(name: string, version: number, parameters: object): Promise<T> {
    return this.send<T>(protocolOf(name, version, parameters));
  }

  private async send<T>(protocol: Protocol): Promise<T> {
    try {
      return (await this.connection.send(protocol)) as T;
    } catch (cause) {
      // A batch that is damaged, or compressed with what we don't have: the connection is sound.
      if (isNervelineError(cause)) throw cause;
      throw new KafkaConnectionError(this.broker, { cause });
    }
  }
}

const CREATE_TIMEOUT_MS = 30_000;
const SETTINGS = ['min.insync.replicas', 'cleanup.policy', 'message.timestamp.type'];

const identity = ({ transactional_id, producer_id, epoch }: Producer) => ({
  transactionalId: transactional_id,
  producerId: producer_id.toString(),
  producerEpoch: epoch,
});

const membership = ({ group, generation, member_id }: MemberIdentity) => ({
  groupId: group,
  generationId: generation,
  memberId: member_id,
});

function checkEach(results: readonly { readonly errorCode: number }[], request: string): void {
  for (const { errorCode } of results) check(errorCode, request);
}
