import { topicCatalogue } from '@nerveline/contracts';
import type { LogTopic } from '../embedded/log-topic';
import { KafkaNames, topicConfiguration } from './topic-names';
import type { NewTopic } from './wire/broker-connection';

export interface TopicPlanSettings {
  /** Before every name, where several platforms share a cluster. */
  readonly prefix: string;
  readonly replication_factor: number;
  readonly min_insync_replicas: number;
  /** The largest record that a service writes, but for topics that wrap others. */
  max_record_bytes(owner: string): number;
}

/** A topic as the brokers are to have it. */
export interface PlannedTopic extends NewTopic {
  /** The service that writes it. */
  readonly owner: string;
  /** The topic of the catalogue; undefined for the changelog of a service's keyed state, which only its owner reads. */
  readonly catalogued: string | undefined;
}

/** Every topic that the platform needs on Apache Kafka, as its services would make them. */
export function planKafkaTopics(
  settings: TopicPlanSettings,
  catalogue: readonly LogTopic[] = topicCatalogue,
): readonly PlannedTopic[] {
  const owners = [...new Set(catalogue.map(({ owner }) => owner))];
  const catalogued = catalogue.map((topic) => planned(topic, settings, topic.name));
  return [...catalogued, ...owners.map((owner) => planned(changelogTopic(owner, catalogue), settings, undefined))].sort(
    (a, b) => (a.topic < b.topic ? -1 : 1),
  );
}

/** Where a service's keyed state is kept on Kafka. */
export function changelogTopic(service: string, topics: readonly Pick<LogTopic, 'partitions'>[]): LogTopic {
  const partitions = Math.max(1, ...topics.map((topic) => topic.partitions));
  return { name: `${service}.state`, partitions, owner: service, retention: { kind: 'compacted' } };
}

function planned(topic: LogTopic, settings: TopicPlanSettings, catalogued: string | undefined): PlannedTopic {
  return {
    topic: new KafkaNames(settings.prefix, topic.owner).broker(topic.name),
    owner: topic.owner,
    catalogued,
    partitions: topic.partitions,
    replication_factor: settings.replication_factor,
    configuration: topicConfiguration(topic, {
      max_record_bytes: settings.max_record_bytes(topic.owner),
      min_insync_replicas: settings.min_insync_replicas,
    }),
  };
}
