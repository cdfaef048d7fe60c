import { offset, type InputPosition } from '@nerveline/kernel';
import type { Owner } from '../../../ports/log';
import type { LogTopic, LogTopics } from '../../embedded/log-topic';
import { groupCoordinator, type Cluster } from '../cluster/cluster';
import type { TopicAdmin } from '../cluster/topic-admin';
import { decodeApplied } from '../position-metadata';
import type { KafkaNames } from '../topic-names';
import type { CommittedOffset } from '../wire/broker-connection';
import { OwnerLookup } from './owner-lookup';

/** Groups of all services, as the brokers know them. */
export class GroupDirectory {
  readonly #owners: OwnerLookup;

  constructor(
    private readonly cluster: Cluster,
    private readonly names: KafkaNames,
    private readonly topics: LogTopics,
    private readonly admin: TopicAdmin,
  ) {
    this.#owners = new OwnerLookup(cluster, names, (service) => this.groupsOf([service]));
  }

  /** What a group has committed, in the order of topics and partitions. */
  async positions(group: string): Promise<readonly InputPosition[]> {
    const known = new Set(this.topics.all().map(({ name }) => name));
    const found: InputPosition[] = [];
    for (const { topic, partition, offset: next_offset, metadata } of await this.offsets(this.names.broker(group))) {
      const name = this.names.own(topic);
      if (name === undefined || !known.has(name)) continue;
      const applied_above = decodeApplied(metadata, next_offset);
      found.push({ group, topic: name, partition, next_offset: offset(next_offset), applied_above });
    }
    return found.sort((a, b) => (a.topic < b.topic ? -1 : a.topic > b.topic ? 1 : a.partition - b.partition));
  }

  /** Groups with a position, of every service. */
  async committed(): Promise<readonly string[]> {
    const services = new Set(this.topics.all().map(({ owner }) => owner));
    const found: string[] = [];
    for (const group of await this.groupsOf([...services])) {
      if ((await this.offsets(group)).length > 0) found.push(this.names.own(group) ?? group);
    }
    return found.sort();
  }

  /** Topics that exist. */
  async existing(topics: readonly LogTopic[]): Promise<LogTopic[]> {
    const described = await this.admin.describe(topics.map(({ name }) => name));
    return topics.filter(({ name }) => described.get(name)?.error === 0);
  }

  ownerOf(topic: LogTopic, key: string): Promise<Owner> {
    return this.#owners.ownerOf(topic, key);
  }

  private offsets(group: string): Promise<readonly CommittedOffset[]> {
    return this.cluster.persist(() =>
      this.cluster.request(groupCoordinator(group), (broker) => broker.committedOffsets(group)),
    );
  }

  /** The brokers' names of the services' groups. Each broker knows those that it coordinates. */
  private async groupsOf(services: readonly string[]): Promise<readonly string[]> {
    const brokers = await this.cluster.persist(() => this.cluster.brokers());
    const lists = await Promise.all(
      brokers.map((address) =>
        this.cluster.persist(() => this.cluster.ask(address, this.cluster.control, (broker) => broker.listGroups())),
      ),
    );
    const prefixes = services.map((service) => this.names.broker(`${service}.`));
    const own = lists.flat().filter((group) => prefixes.some((prefix) => group.startsWith(prefix)));
    return [...new Set(own)].sort();
  }
}
