import { NervelineError, type Commit, type Offset, type OutRecord, type RecordPosition } from '@nerveline/kernel';
import { pause } from '../../consumer/backoff';
import type { GroupMember, JoinOptions } from '../../ports/group';
import type { LogTopics } from '../embedded/log-topic';
import { leaderOf, type Cluster } from './cluster/cluster';
import type { Fetcher } from './fetch/fetcher';
import type { ActiveInstance } from './group/active-instance';
import { GroupSession } from './group/group-session';
import { KafkaMember } from './group/kafka-member';
import type { OwnershipRegistry } from './group/ownership-registry';
import { checkGroup, type KafkaCommitPreparer } from './prepare-kafka-commit';
import type { AppendQueue } from './produce/append-queue';
import type { CommitQueue } from './produce/commit-queue';
import type { StateCopy } from './state/state-copy';
import type { KafkaNames } from './topic-names';
import { hasCode, kafkaErrors } from './wire/kafka-error';

export interface WritingParts {
  readonly service: string;
  readonly address: string;
  readonly topics: LogTopics;
  readonly names: KafkaNames;
  readonly cluster: Cluster;
  readonly fetcher: Fetcher;
  readonly preparer: KafkaCommitPreparer;
  readonly appends: AppendQueue;
  /** Commits without ownership. */
  readonly sole: CommitQueue;
  readonly registry: OwnershipRegistry;
  readonly copy: StateCopy;
  readonly changelog_partitions: number;
  /** Where one instance of the service works at a time: the right to be that one. */
  readonly active: ActiveInstance | undefined;
}

/** What a service that owns topics may do with its log. */
export class Writing {
  constructor(private readonly parts: WritingParts) {}

  /** Without a transaction, which costs twenty times as much: what goes to one partition is in order and there once. */
  async append(records: readonly OutRecord[]): Promise<readonly RecordPosition[]> {
    const { preparer, appends, active } = this.parts;
    // Nothing of the broker's fences an append: a process that was paused has to know by itself.
    active?.check();
    return appends.append(preparer.prepare({ appends: records }).appends);
  }

  async commit(commit: Commit): Promise<readonly RecordPosition[]> {
    const { preparer, appends, sole, registry, active } = this.parts;
    active?.check();
    const prepared = preparer.prepare(commit);
    if (commit.ownership !== undefined) return registry.commit(commit.ownership, prepared);
    // One record is there or not; several, even of one partition, may be too much for one batch.
    const alone = prepared.changelog.length === 0 && prepared.offsets.length === 0 && prepared.appends.length <= 1;
    return alone ? appends.append(prepared.appends) : sole.submit(prepared);
  }

  async truncate(topic: string, partition: number, before: Offset): Promise<void> {
    const { cluster, names, fetcher } = this.parts;
    const place = { topic: names.broker(topic), partition };
    try {
      await cluster.persist(() => cluster.request(leaderOf(place), (broker) => broker.deleteRecords(place, before)));
    } catch (error) {
      if (!hasCode(error, kafkaErrors.OFFSET_OUT_OF_RANGE)) throw error;
      const detail = `${topic}/${partition} has no offset ${before} yet`;
      throw new NervelineError('NL-LOG-009', { detail, cause: error });
    }
    fetcher.forgetBelow(place.topic, partition);
  }

  async join(options: JoinOptions): Promise<GroupMember> {
    const { cluster, names, registry, service, topics: catalogue, address, changelog_partitions } = this.parts;
    const { group } = options;
    checkGroup(group, service);
    const counts = options.topics.map((topic) => [topic, catalogue.find(topic).partitions] as const);
    const partitions = Math.max(0, ...counts.map(([, count]) => count));
    if (partitions > changelog_partitions) {
      const detail = `${names.changelog} has ${changelog_partitions} partitions, group ${group} needs ${partitions}`;
      throw new NervelineError('NL-LOG-022', { detail });
    }
    const session_ms = options.session_ms ?? cluster.settings.session_ms;
    const session = new GroupSession(cluster, {
      group: names.broker(group),
      topics: new Map(counts.map(([topic, count]) => [names.broker(topic), count])),
      address: options.address ?? address,
      session_ms,
      heartbeat_ms: Math.min(cluster.settings.heartbeat_ms, Math.floor(session_ms / 4)),
    });
    const member = new KafkaMember(session, options, registry, cluster.settings.drain_ms);
    registry.enter(group, member);
    const left = (): void => registry.left(group, member);
    member.done.then(left, left);
    await member.start();
    return member;
  }

  /** Finishes what was accepted, as long as a drain may take. */
  async close(): Promise<void> {
    const { registry, appends, sole, cluster, copy, active } = this.parts;
    await Promise.all(registry.members.map((member) => member.leave()));
    const late = new AbortController();
    await Promise.race([
      Promise.all([appends.flush(), sole.flush(), registry.flush()]),
      pause(cluster.settings.drain_ms, late.signal),
    ]);
    late.abort();
    await copy.close();
    // Nothing of ours is on its way any more: the next one may work.
    await active?.leave();
  }
}
