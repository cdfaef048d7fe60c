import { join } from 'node:path';
import { topicCatalogue } from '@nerveline/contracts';
import type { Log, StateReader } from '../../ports/log';
import { LogTopics, type LogTopic } from '../embedded/log-topic';
import { Cluster } from './cluster/cluster';
import type { BrokerState } from './cluster/connectivity';
import { OffsetLookup } from './cluster/offset-lookup';
import { TopicAdmin } from './cluster/topic-admin';
import { Fetcher } from './fetch/fetcher';
import { ActiveInstance, type Alone } from './group/active-instance';
import { GroupDirectory } from './group/group-directory';
import { OwnershipRegistry } from './group/ownership-registry';
import { KafkaLog, type KafkaParts } from './kafka-log';
import { KafkajsWire } from './kafkajs/kafkajs-wire';
import { PlatformaticWire } from './platformatic/platformatic-wire';
import { KafkaCommitPreparer } from './prepare-kafka-commit';
import { AppendQueue } from './produce/append-queue';
import { CommitQueue, type CommitTarget } from './produce/commit-queue';
import { RecordPlacer } from './produce/placed-record';
import { TransactionProducer } from './produce/transaction';
import { readKafkaSettings, type KafkaSettings, type KafkaSettingsInput } from './settings';
import { partName, restorePart, type Restored, type Restoring } from './state/restore';
import { StateCopy } from './state/state-copy';
import { KafkaNames } from './topic-names';
import { changelogTopic } from './topic-plan';
import { Writing } from './writing';

export interface OpenKafkaLogOptions extends KafkaSettingsInput {
  /** Who opens it. A name that owns no topic reads only. */
  readonly service: string;
  /** Where this service answers, for {@link Log.ownerOf}; a member may give another one. */
  readonly address?: string;
  /**
   * One instance of the service works at a time: opening waits until it is this one's turn, and all state of the service
   * is there when it is. Without it several work side by side, and each sees the state of what it owns.
   */
  readonly alone?: Alone;
  /** Gives an opening up that still waits, with `NL-LOG-015`. */
  readonly stopping?: AbortSignal;
  /** The local copy of the keyed state lies in `kafka-state/SERVICE` below it: one for each instance. */
  readonly data_directory: string;
  /** Topics beside the platform's own; one of the same name replaces it. */
  readonly catalogue?: readonly LogTopic[];
  /** Hears when a broker can't be reached any more, and when it can again: for readiness, and one line in the log. */
  readonly onConnection?: (state: BrokerState) => void;
  /** Hears how much of the changelog was read when a partition's state was brought up to date. */
  readonly onRestored?: (restored: Restored) => void;
}

/**
 * Opens the log on Apache Kafka, 3.1 or later. Topics of the service are made from the catalogue; a broker that isn't
 * there is waited for, without end: `onConnection` tells.
 *
 * @throws NervelineError `NL-LOG-006`, `NL-LOG-010` another process has the state directory, `NL-LOG-021` credentials or
 *   rights, `NL-LOG-022` a topic that isn't as the catalogue says, `NL-LOG-023` a setting, `NL-LOG-026`,
 *   `NL-LOG-027` a broker that isn't to be trusted
 */
export async function openKafkaLog(options: OpenKafkaLogOptions): Promise<Log> {
  const { service, address = '', data_directory, catalogue = [], onConnection = warn, ...others } = options;
  const { onRestored, alone, stopping, ...input } = others;
  const settings = readKafkaSettings(input);
  const topics = new LogTopics([...topicCatalogue, ...catalogue]);
  const names = new KafkaNames(settings.prefix, service);
  const cluster = new Cluster(wireOf(settings), settings, onConnection);
  const giveUp = (): void => cluster.close();
  if (stopping?.aborted === true) giveUp();
  stopping?.addEventListener('abort', giveUp, { once: true });
  const admin = new TopicAdmin(cluster, names);
  const lookup = new OffsetLookup(cluster);
  const base = {
    service,
    topics,
    names,
    cluster,
    fetcher: new Fetcher(cluster, lookup),
    lookup,
    appends: new AppendQueue(cluster, (topic) => names.broker(topic)),
    groups: new GroupDirectory(cluster, names, topics, admin),
  };
  let copy: StateCopy | undefined;
  try {
    const own = topics.ownedBy(service);
    const changelog_partitions = await admin.ensure({
      own,
      all: topics.all(),
      changelog: changelogTopic(service, topics.all()),
    });
    const [first] = own;
    if (first === undefined) return new KafkaLog({ ...base, writing: undefined, state: noState });
    const terms = { names, topic: first.name, address };
    const active = alone === undefined ? undefined : await ActiveInstance.become(cluster, terms, alone);
    copy = await StateCopy.open(join(data_directory, 'kafka-state', service));
    const writing = await openWriting(base, { address, copy, changelog_partitions, active, onRestored });
    return new KafkaLog({ ...base, writing, state: copy });
  } catch (error) {
    base.fetcher.close();
    cluster.close();
    await copy?.close();
    throw error;
  } finally {
    stopping?.removeEventListener('abort', giveUp);
  }
}

function wireOf(settings: KafkaSettings) {
  return settings.client === 'kafkajs' ? new KafkajsWire(settings) : new PlatformaticWire(settings);
}

interface WritingOptions {
  readonly address: string;
  readonly copy: StateCopy;
  readonly changelog_partitions: number;
  readonly active: ActiveInstance | undefined;
  readonly onRestored: ((restored: Restored) => void) | undefined;
}

async function openWriting(
  base: Omit<KafkaParts, 'writing' | 'state'>,
  { address, copy, changelog_partitions, active, onRestored = () => undefined }: WritingOptions,
): Promise<Writing> {
  const { service, topics, names, cluster, fetcher, lookup, appends } = base;
  const { max_record_bytes, max_pending_bytes } = cluster.settings;
  const target = (group: string): CommitTarget => ({
    nameOf: (topic) => names.broker(topic),
    changelog_topic: names.changelog,
    async apply(states) {
      for (const { partition, writes, next_offset } of states) {
        await copy.write(partName(group, partition), writes, next_offset);
      }
    },
  });
  const restoring: Restoring = {
    copy,
    fetcher,
    names,
    onRestored,
    range: (partition) => lookup.range({ topic: names.changelog, partition }),
  };
  const producer = new TransactionProducer(cluster, names.sole_writer);
  // Another instance that commits without ownership is fenced: only one may.
  await producer.begin();
  for (let partition = 0; partition < changelog_partitions; partition += 1) await restorePart(restoring, '', partition);
  const placer = new RecordPlacer({ topics, service, max_record_bytes });
  const sole = new CommitQueue(producer, target(''), max_pending_bytes);
  const alone = active !== undefined;
  return new Writing({
    service,
    address,
    topics,
    names,
    cluster,
    fetcher,
    preparer: new KafkaCommitPreparer({ topics, service, placer, names, changelog_partitions, alone }),
    appends,
    sole,
    registry: new OwnershipRegistry({ cluster, names, restoring, target, only_queue: alone ? sole : undefined }),
    copy,
    changelog_partitions,
    active,
  });
}

/** A reader has no state of its own. */
const noState: StateReader = {
  get: () => undefined,
  scan: () => [],
};

function warn({ broker, reachable, cause = '' }: BrokerState): void {
  process.emitWarning(reachable ? `Kafka: ${broker} is reached again` : `Kafka: ${broker} can't be reached: ${cause}`);
}
