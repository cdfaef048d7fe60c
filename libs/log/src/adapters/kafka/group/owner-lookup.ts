import { NervelineError, type Generation } from '@nerveline/kernel';
import type { Owner } from '../../../ports/log';
import { partitionFor } from '../../../partitioner';
import type { LogTopic } from '../../embedded/log-topic';
import { groupCoordinator, type Cluster } from '../cluster/cluster';
import { activeGroup, type KafkaNames } from '../topic-names';
import type { GroupDescription } from '../wire/broker-connection';
import { decodeAssignment, decodeMetadata, PROTOCOL } from './member-codec';

/** How long an answer is good for: who asks with an old one is refused by the generation, and asks again. */
const FRESH_MS = 1_000;

interface Known {
  readonly asked_ms: number;
  readonly description: Promise<GroupDescription>;
}

/** Who owns a key, from the members of the groups of the service that owns its topic. */
export class OwnerLookup {
  readonly #known = new Map<string, Known>();

  constructor(
    private readonly cluster: Cluster,
    private readonly names: KafkaNames,
    private readonly groupsOf: (service: string) => Promise<readonly string[]>,
  ) {}

  /**
   * A group that reads the topic itself comes first; otherwise partition numbers of the same key are the same in all
   * topics of a service. A service of which one instance works at a time, and in no group of its own, is that one's.
   *
   * @throws NervelineError `NL-LOG-008` while nobody owns it
   */
  async ownerOf(topic: LogTopic, key: string): Promise<Owner> {
    const partition = partitionFor(key, topic.partitions);
    const topic_name = this.names.broker(topic.name);
    const found: { readonly owner: Owner; readonly reads_it: boolean }[] = [];
    const active: Owner[] = [];
    const active_group = activeGroup(this.names.broker(topic.owner));
    for (const group of await this.groupsOf(topic.owner)) {
      const { protocol, members } = await this.describe(group);
      if (protocol !== PROTOCOL) continue;
      for (const member of members) {
        const { address, topics } = decodeMetadata(member.metadata);
        const alone = group === active_group;
        const generation = decodeAssignment(member.assignment).get(alone ? 0 : partition);
        if (generation === undefined || address === '') continue;
        const owner = { address, generation: generation as Generation };
        if (alone) active.push(owner);
        else found.push({ owner, reads_it: topics.includes(topic_name) });
      }
    }
    const best = found.find(({ reads_it }) => reads_it) ?? found[0];
    const owner = best?.owner ?? active[0];
    if (owner !== undefined) return owner;
    throw new NervelineError('NL-LOG-008', {
      detail: `nobody owns partition ${partition} of ${topic.name} at the moment`,
    });
  }

  private async describe(group: string): Promise<GroupDescription> {
    const known = this.#known.get(group);
    if (known !== undefined && performance.now() - known.asked_ms < FRESH_MS) return known.description;
    const description = this.cluster.persist(() =>
      this.cluster.request(groupCoordinator(group), (broker) => broker.describeGroup(group)),
    );
    this.#known.set(group, { asked_ms: performance.now(), description });
    const fresh = await description.catch((error: unknown) => {
      this.#known.delete(group);
      throw error;
    });
    // A group that is sharing anew has no answer to keep.
    if (fresh.state !== 'Stable') this.#known.delete(group);
    return fresh;
  }
}
