import { NervelineError } from '@nerveline/kernel';
import type { LogTopic } from '../../embedded/log-topic';
import { topicConfiguration, type KafkaNames } from '../topic-names';
import type { TopicMetadata } from '../wire/broker-connection';
import { kafkaErrorName, kafkaErrors, KafkaProtocolError } from '../wire/kafka-error';
import type { Cluster } from './cluster';

export interface EnsuredTopics {
  readonly own: readonly LogTopic[];
  /** The catalogue. */
  readonly all: readonly LogTopic[];
  readonly changelog: LogTopic;
}

export interface Replication {
  readonly replication_factor: number;
  readonly min_insync_replicas: number;
}

/** With three brokers one may be lost and writing goes on; fewer can't promise that. */
export const usualReplication = (brokers: number): Replication =>
  brokers >= 3 ? { replication_factor: 3, min_insync_replicas: 2 } : { replication_factor: 1, min_insync_replicas: 1 };

/** Makes the topics of a service, and finds out at the start what is not as the catalogue says. */
export class TopicAdmin {
  constructor(
    private readonly cluster: Cluster,
    private readonly names: KafkaNames,
  ) {}

  /**
   * Makes the service's topics where they are missing, and checks all that exist.
   *
   * @returns how many partitions the changelog has: as many as it was made with, since nobody finds a key in it by its
   *   hash alone; 0 for a service without topics
   * @throws NervelineError `NL-LOG-021`, `NL-LOG-022`
   */
  async ensure({ own, all, changelog }: EnsuredTopics): Promise<number> {
    await this.checkReplication();
    const wanted = own.length === 0 ? [] : [...own, changelog];
    const known = await this.describe([...all, changelog].map(({ name }) => name));
    const missing = wanted.filter(({ name }) => known.get(name)?.error === kafkaErrors.UNKNOWN_TOPIC_OR_PARTITION);
    if (missing.length > 0 && !this.cluster.settings.create_topics) {
      const listed = missing.map(({ name }) => this.names.broker(name)).join(', ');
      throw new NervelineError('NL-LOG-022', { detail: `missing: ${listed}; and create_topics is off` });
    }
    const replication = await this.replication();
    for (const topic of missing) await this.create(topic, replication);
    // Topics of others may come later; what is there has to fit.
    const others = all.filter(({ name }) => known.get(name)?.error === 0 && !own.some((topic) => topic.name === name));
    return this.cluster.persist(() => this.checkAll([...wanted, ...others], changelog));
  }

  async describe(names: readonly string[]): Promise<Map<string, TopicMetadata>> {
    const described = await this.cluster.persist(() =>
      this.cluster.describeTopics(names.map((name) => this.names.broker(name))),
    );
    return new Map(described.map((topic) => [this.names.own(topic.topic) ?? topic.topic, topic]));
  }

  /** What new topics get: what the settings say, else what so many brokers make safe. */
  private async replication(): Promise<Replication> {
    const { replication_factor, min_insync_replicas } = this.cluster.settings;
    const usual = usualReplication((await this.cluster.persist(() => this.cluster.brokers())).length);
    const chosen = replication_factor ?? Math.max(usual.replication_factor, min_insync_replicas ?? 1);
    return {
      replication_factor: chosen,
      min_insync_replicas: min_insync_replicas ?? Math.min(usual.min_insync_replicas, chosen),
    };
  }

  private async create(topic: LogTopic, { replication_factor, min_insync_replicas }: Replication): Promise<void> {
    const { settings } = this.cluster;
    const definition = {
      topic: this.names.broker(topic.name),
      partitions: topic.partitions,
      replication_factor,
      configuration: topicConfiguration(topic, {
        max_record_bytes: settings.max_record_bytes,
        min_insync_replicas,
      }),
    };
    await this.cluster.persist(async () => {
      const error = await this.cluster.request({ kind: 'any' }, (broker) => broker.createTopic(definition));
      // Another instance of the service was quicker.
      if (error === 0 || error === kafkaErrors.TOPIC_ALREADY_EXISTS) return;
      if (error === kafkaErrors.INVALID_REPLICATION_FACTOR || error === kafkaErrors.POLICY_VIOLATION) {
        throw mismatch(`${definition.topic} can't be made: ${kafkaErrorName(error)}`);
      }
      throw new KafkaProtocolError(error, 'CreateTopics');
    });
  }

  private async checkAll(topics: readonly LogTopic[], changelog: LogTopic): Promise<number> {
    const found = await this.describe(topics.map(({ name }) => name));
    const { min_insync_replicas } = this.cluster.settings;
    const described = [...found.values()];
    for (const topic of topics) this.check(topic, found.get(topic.name), topic !== changelog);
    const changelog_partitions = found.get(changelog.name)?.partitions.length ?? 0;
    if (min_insync_replicas === undefined) return changelog_partitions;
    const settings = await this.cluster.request({ kind: 'any' }, (broker) =>
      broker.topicSettings(described.map(({ topic }) => topic)),
    );
    for (const [topic, of_topic] of settings) {
      const least = Number(of_topic.get('min.insync.replicas'));
      if (least >= min_insync_replicas) continue;
      throw mismatch(`${topic} has min.insync.replicas ${least}, the settings say ${min_insync_replicas}`);
    }
    return changelog_partitions;
  }

  private check({ name, partitions }: LogTopic, found: TopicMetadata | undefined, exact: boolean): void {
    const broker_name = this.names.broker(name);
    // Every broker learns of a new topic in a moment.
    const not_yet =
      found === undefined ||
      found.error === kafkaErrors.UNKNOWN_TOPIC_OR_PARTITION ||
      found.partitions.some(({ leader }) => leader < 0);
    if (not_yet) throw new KafkaProtocolError(kafkaErrors.LEADER_NOT_AVAILABLE, 'Metadata');
    if (found.error !== 0) throw new KafkaProtocolError(found.error, `Metadata of ${broker_name}`);
    const { replication_factor = 1 } = this.cluster.settings;
    if (exact && found.partitions.length !== partitions) {
      throw mismatch(
        `${broker_name} has ${found.partitions.length} partitions, the catalogue says ${partitions}: ` +
          'keys would lie elsewhere, and the records of a key could be handled out of order',
      );
    }
    const fewest = Math.min(...found.partitions.map(({ replicas }) => replicas));
    if (fewest >= replication_factor) return;
    throw mismatch(`${broker_name} has ${fewest} replicas, the settings say ${replication_factor}`);
  }

  private async checkReplication(): Promise<void> {
    const { replication_factor = 1 } = this.cluster.settings;
    const brokers = await this.cluster.persist(() => this.cluster.brokers());
    if (brokers.length >= replication_factor) return;
    throw mismatch(`replication_factor ${replication_factor} wants as many brokers, there are ${brokers.length}`);
  }
}

const mismatch = (detail: string): NervelineError => new NervelineError('NL-LOG-022', { detail });
