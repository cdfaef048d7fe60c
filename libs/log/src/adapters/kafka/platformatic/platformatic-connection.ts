import type {
  BrokerConnection,
  CommittedOffset,
  GroupDescription,
  JoinRequest,
  JoinResult,
  MemberIdentity,
  NewTopic,
  TopicPartition,
} from '../wire/broker-connection';
import { groupDescription } from '../wire/group-description';
import { check } from '../wire/kafka-error';
import { PlatformaticRecordRequests } from './platformatic-record-requests';

const TOPIC_RESOURCE = 2;
const TIMEOUT_MS = 30_000;

/** All requests of one @platformatic/kafka connection: those of records, and here those of groups and topics. */
export class PlatformaticConnection extends PlatformaticRecordRequests implements BrokerConnection {
  async transactionState(transactional_id: string): Promise<string> {
    const api = this.client.describeTransactionsV0.api;
    const [state] = (await this.ask(api.async(this.connection, [transactional_id]))).transactionStates;
    check(state?.errorCode ?? 0, 'DescribeTransactions');
    return state?.transactionState ?? '';
  }

  async committedOffsets(group: string): Promise<readonly CommittedOffset[]> {
    const wanted = [{ groupId: group, memberId: null, memberEpoch: -1, topics: null }];
    const { groups } = await this.ask(this.client.offsetFetchV8.api.async(this.connection, wanted, true));
    const offsets = groups.flatMap(({ errorCode, topics }) => {
      check(errorCode, 'OffsetFetch');
      return topics.flatMap(({ name, partitions }) => partitions.map((each) => ({ topic: name, ...each })));
    });
    for (const { errorCode } of offsets) check(errorCode, 'OffsetFetch');
    return offsets
      .map(({ topic, partitionIndex, committedOffset, metadata }) => ({
        topic,
        partition: partitionIndex,
        offset: Number(committedOffset),
        metadata: metadata ?? '',
      }))
      .filter(({ offset }) => offset >= 0);
  }

  async joinGroup(request: JoinRequest): Promise<JoinResult> {
    const { group, session_ms, rebalance_ms, member_id, protocol, metadata } = request;
    const protocols = [{ name: protocol, metadata }];
    const api = this.client.joinGroupV6.api;
    const who = [group, session_ms, rebalance_ms, member_id] as const;
    const answer = await this.ask(api.async(this.connection, ...who, null, 'consumer', protocols));
    return {
      error: answer.errorCode,
      generation: answer.generationId,
      member_id: answer.memberId ?? '',
      leader_id: answer.leader,
      members: answer.members.map((member) => ({
        member_id: member.memberId,
        metadata: member.metadata ?? Buffer.alloc(0),
      })),
    };
  }

  async syncGroup(member: MemberIdentity, assignments: ReadonlyMap<string, Buffer>): Promise<Buffer> {
    const given = [...assignments].map(([memberId, assignment]) => ({ memberId, assignment }));
    const { group, generation, member_id } = member;
    const api = this.client.syncGroupV4.api;
    const answer = await this.ask(api.async(this.connection, group, generation, member_id, null, null, null, given));
    check(answer.errorCode, 'SyncGroup');
    return answer.assignment;
  }

  async heartbeat({ group, generation, member_id }: MemberIdentity): Promise<void> {
    const answer = await this.ask(this.client.heartbeatV4.api.async(this.connection, group, generation, member_id));
    check(answer.errorCode, 'Heartbeat');
  }

  async leaveGroup({ group, member_id }: MemberIdentity): Promise<void> {
    const api = this.client.leaveGroupV4.api;
    check((await this.ask(api.async(this.connection, group, [{ memberId: member_id }]))).errorCode, 'LeaveGroup');
  }

  async describeGroup(group: string): Promise<GroupDescription> {
    const { groups } = await this.ask(this.client.describeGroupsV5.api.async(this.connection, [group], false));
    return groupDescription(groups[0], ({ groupState, protocolData }) => ({
      state: groupState,
      protocol: protocolData,
    }));
  }

  async listGroups(): Promise<readonly string[]> {
    const answer = await this.ask(this.client.listGroupsV4.api.async(this.connection, [], []));
    check(answer.errorCode, 'ListGroups');
    return answer.groups.map(({ groupId }) => groupId);
  }

  async createTopic({ topic, partitions, replication_factor, configuration }: NewTopic): Promise<number> {
    const definition = {
      name: topic,
      numPartitions: partitions,
      replicationFactor: replication_factor,
      assignments: [],
      configs: Object.entries(configuration).map(([name, value]) => ({ name, value })),
    };
    const api = this.client.createTopicsV7.api;
    const answer = await this.ask(api.async(this.connection, [definition], TIMEOUT_MS, false));
    return answer.topics[0]?.errorCode ?? 0;
  }

  async topicSettings(topics: readonly string[]): Promise<ReadonlyMap<string, ReadonlyMap<string, string>>> {
    const resources = topics.map((resourceName) => ({
      resourceType: TOPIC_RESOURCE,
      resourceName,
      configurationKeys: ['min.insync.replicas', 'cleanup.policy', 'message.timestamp.type'],
    }));
    const answer = await this.ask(this.client.describeConfigsV2.api.async(this.connection, resources, false, false));
    for (const { errorCode } of answer.results) check(errorCode, 'DescribeConfigs');
    return new Map(
      answer.results.map(({ resourceName, configs }) => [
        resourceName,
        new Map(configs.map(({ name, value }) => [name, value ?? ''])),
      ]),
    );
  }

  async deleteRecords({ topic, partition }: TopicPartition, before: number): Promise<void> {
    const wanted = [{ name: topic, partitions: [{ partitionIndex: partition, offset: BigInt(before) }] }];
    const { topics } = await this.ask(this.client.deleteRecordsV2.api.async(this.connection, wanted, TIMEOUT_MS));
    for (const { partitions } of topics) for (const { errorCode } of partitions) check(errorCode, 'DeleteRecords');
  }
}
