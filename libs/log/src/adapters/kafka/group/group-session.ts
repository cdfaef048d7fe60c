import { NervelineError } from '@nerveline/kernel';
import { pause } from '../../../consumer/backoff';
import { groupCoordinator, type Cluster } from '../cluster/cluster';
import type { Lane } from '../cluster/connections';
import type { BrokerConnection, JoinResult, MemberIdentity } from '../wire/broker-connection';
import { hasCode, isTransient, kafkaErrors } from '../wire/kafka-error';
import { assignPartitions, type Assigned } from './assign-partitions';
import { decodeAssignment, decodeMetadata, encodeAssignment, encodeMetadata, PROTOCOL } from './member-codec';

export interface GroupTerms {
  /** The broker's name of the group. */
  readonly group: string;
  /** The broker's names of the topics, with their partition counts. */
  readonly topics: ReadonlyMap<string, number>;
  readonly address: string;
  readonly session_ms: number;
  readonly heartbeat_ms: number;
}

const LOST = [kafkaErrors.UNKNOWN_MEMBER_ID, kafkaErrors.ILLEGAL_GENERATION] as const;

/** What a heartbeat brought. */
export type Beat = 'alive' | 'rebalancing' | 'lost' | 'unanswered';

/**
 * The requests by which a member takes part in a group, and since when the group may think it dead. A join is answered
 * when all others have joined, so heartbeats have a connection of their own.
 */
export class GroupSession {
  readonly #join_lane: Lane;
  readonly #beat_lane: Lane;
  readonly #rebalance_ms: number;
  #identity: MemberIdentity;
  #joining = false;
  #contact_ms = performance.now();

  constructor(
    private readonly cluster: Cluster,
    readonly terms: GroupTerms,
  ) {
    const { session_ms, group } = terms;
    this.#rebalance_ms = cluster.settings.drain_ms + session_ms;
    this.#join_lane = { name: `join ${group}`, silence_ms: this.#rebalance_ms + session_ms };
    this.#beat_lane = { name: `beat ${group}`, silence_ms: Math.min(session_ms, cluster.settings.silence_ms) };
    this.#identity = { group, generation: -1, member_id: '' };
  }

  /** Has the group heard of this process for so short a time that it can't have given its partitions away? */
  get alive(): boolean {
    return this.#joining || performance.now() - this.#contact_ms < this.terms.session_ms;
  }

  get generation(): number {
    return this.#identity.generation;
  }

  /** Begins as somebody new. */
  forgetIdentity(): void {
    this.#identity = { ...this.#identity, generation: -1, member_id: '' };
  }

  /**
   * Joins and gets its share. Undefined when it is not in the group any more under the name that it had.
   *
   * @throws NervelineError `NL-LOG-021`, `NL-LOG-023`, `NL-LOG-024`
   */
  async joinAndSync(owned: Assigned, leaving: AbortSignal): Promise<Assigned | undefined> {
    this.#joining = true;
    try {
      while (!leaving.aborted) {
        const joined = await this.join(owned);
        if (joined === 'lost') return undefined;
        const assigned = joined === 'again' ? undefined : await this.sync(joined);
        if (assigned === 'lost') return undefined;
        if (assigned !== undefined && assigned !== 'again') return assigned;
        await pause(RETRY_MS, leaving);
      }
      return undefined;
    } finally {
      this.#joining = false;
      this.#contact_ms = performance.now();
    }
  }

  async beat(): Promise<Beat> {
    const { session_ms } = this.terms;
    // After a sleep of this process: what the group thinks of us is known without asking.
    if (!this.alive) return 'lost';
    const asked_ms = performance.now();
    try {
      await this.send((broker) => broker.heartbeat(this.#identity), this.#beat_lane);
    } catch (error) {
      if (hasCode(error, ...LOST)) return 'lost';
      if (!hasCode(error, kafkaErrors.REBALANCE_IN_PROGRESS)) {
        if (!isTransient(error)) throw error;
        return performance.now() - this.#contact_ms < session_ms ? 'unanswered' : 'lost';
      }
      this.#contact_ms = asked_ms;
      return 'rebalancing';
    }
    this.#contact_ms = asked_ms;
    return 'alive';
  }

  /** Tells the group, once: it finds out by itself otherwise. */
  async leave(): Promise<void> {
    if (this.#identity.member_id === '') return;
    try {
      await this.send((broker) => broker.leaveGroup(this.#identity), this.#beat_lane);
    } catch {
      // The session ends by itself.
    }
    this.forgetIdentity();
  }

  private async join(owned: Assigned): Promise<JoinResult | 'again' | 'lost'> {
    const { group, topics, address, session_ms } = this.terms;
    const metadata = encodeMetadata({ topics: [...topics.keys()], address, owned });
    const { member_id } = this.#identity;
    const request = { group, member_id, session_ms, rebalance_ms: this.#rebalance_ms, protocol: PROTOCOL, metadata };
    const joined = await this.attempt((broker) => broker.joinGroup(request));
    if (joined === undefined) return 'again';
    switch (joined.error) {
      case 0:
        this.#identity = { group, generation: joined.generation, member_id: joined.member_id };
        return joined;
      case kafkaErrors.MEMBER_ID_REQUIRED:
        this.#identity = { ...this.#identity, member_id: joined.member_id };
        return 'again';
      case kafkaErrors.UNKNOWN_MEMBER_ID:
        return 'lost';
      case kafkaErrors.INCONSISTENT_GROUP_PROTOCOL:
        throw new NervelineError('NL-LOG-024', { detail: `group ${group} has members with another protocol` });
      case kafkaErrors.INVALID_SESSION_TIMEOUT:
        throw new NervelineError('NL-LOG-023', { detail: `the brokers don't allow a session_ms of ${session_ms}` });
      case kafkaErrors.GROUP_AUTHORIZATION_FAILED:
        throw new NervelineError('NL-LOG-021', { detail: `not allowed to join group ${group}` });
      default:
        this.cluster.forget(groupCoordinator(group));
        return 'again';
    }
  }

  private async sync(joined: JoinResult): Promise<Assigned | 'again' | 'lost'> {
    const assignments = joined.leader_id === joined.member_id ? this.share(joined) : new Map<string, Buffer>();
    try {
      const bytes = await this.attempt((broker) => broker.syncGroup(this.#identity, assignments));
      return bytes === undefined ? 'again' : decodeAssignment(bytes);
    } catch (error) {
      if (hasCode(error, kafkaErrors.REBALANCE_IN_PROGRESS)) return 'again';
      if (hasCode(error, ...LOST)) return 'lost';
      throw error;
    }
  }

  /** As the leader: who gets what. */
  private share({ members, generation }: JoinResult): Map<string, Buffer> {
    const { topics } = this.terms;
    const partitions = Math.max(0, ...topics.values());
    const claiming = members.map(({ member_id, metadata }) => ({ member_id, owned: decodeMetadata(metadata).owned }));
    const shared = assignPartitions(claiming, partitions, generation);
    return new Map([...shared].map(([member_id, assigned]) => [member_id, encodeAssignment(assigned, topics)]));
  }

  /** Undefined when it has to be tried again. */
  private async attempt<T>(ask: (broker: BrokerConnection) => Promise<T>): Promise<T | undefined> {
    try {
      return await this.send(ask, this.#join_lane);
    } catch (error) {
      if (isTransient(error)) return undefined;
      throw error;
    }
  }

  private send<T>(ask: (broker: BrokerConnection) => Promise<T>, lane: Lane): Promise<T> {
    return this.cluster.request(groupCoordinator(this.terms.group), ask, lane);
  }
}

const RETRY_MS = 50;
