import { isNervelineError, NervelineError, type Ownership, type RecordPosition } from '@nerveline/kernel';
import type { Cluster } from '../cluster/cluster';
import { CommitQueue, type CommitTarget, type PreparedCommit } from '../produce/commit-queue';
import { TransactionProducer } from '../produce/transaction';
import { partName, restorePart, type Restoring } from '../state/restore';
import type { KafkaNames } from '../topic-names';
import type { KafkaMember, OwnershipHooks } from './kafka-member';

interface Holding {
  readonly ownership: Ownership;
  readonly queue: CommitQueue;
}

export interface RegistryParts {
  readonly cluster: Cluster;
  readonly names: KafkaNames;
  readonly restoring: Restoring;
  readonly target: (group: string) => CommitTarget;
  /** Where one instance of the service works at a time, its commits all go one way, and all state is its own. */
  readonly only_queue: CommitQueue | undefined;
}

/** What this process owns, in all its groups, and by what right it commits. */
export class OwnershipRegistry implements OwnershipHooks {
  readonly #holdings = new Map<string, Holding>();
  readonly #members = new Map<string, KafkaMember>();

  constructor(private readonly parts: RegistryParts) {}

  get members(): readonly KafkaMember[] {
    return [...this.#members.values()];
  }

  /** @throws NervelineError `NL-LOG-010` this process is in the group already */
  enter(group: string, member: KafkaMember): void {
    if (this.#members.has(group)) {
      throw new NervelineError('NL-LOG-010', { detail: `this process is a member of ${group} already` });
    }
    this.#members.set(group, member);
  }

  left(group: string, member: KafkaMember): void {
    if (this.#members.get(group) === member) this.#members.delete(group);
  }

  /** The last owner is fenced first: what it still commits after that is refused, so the state that is read then is all. */
  async prepare(ownership: Ownership): Promise<void> {
    const { cluster, names, restoring, target, only_queue } = this.parts;
    const { group, partition } = ownership;
    if (only_queue !== undefined) {
      this.#holdings.set(partName(group, partition), { ownership, queue: only_queue });
      return;
    }
    const producer = new TransactionProducer(cluster, names.owner(group, partition));
    await producer.begin();
    await restorePart(restoring, group, partition);
    const queue = new CommitQueue(producer, target(group), cluster.settings.max_pending_bytes);
    this.#holdings.set(partName(group, partition), { ownership, queue });
  }

  async release(ownership: Ownership, how: 'given back' | 'lost'): Promise<void> {
    const part = partName(ownership.group, ownership.partition);
    const holding = this.#holdings.get(part);
    if (holding?.ownership.generation !== ownership.generation) return;
    if (how === 'given back') await holding.queue.flush();
    this.#holdings.delete(part);
    if (this.parts.only_queue === undefined) this.parts.restoring.copy.show(part, false);
  }

  /** @throws NervelineError `NL-LOG-004` and what a transaction is refused with */
  async commit(ownership: Ownership, commit: PreparedCommit): Promise<readonly RecordPosition[]> {
    const member = this.#members.get(ownership.group);
    const holding = this.#holdings.get(partName(ownership.group, ownership.partition));
    if (member === undefined || holding === undefined) {
      const detail = `partition ${ownership.partition} of ${ownership.group} isn't owned by this process`;
      throw new NervelineError('NL-LOG-004', { detail });
    }
    member.check(ownership);
    try {
      return await holding.queue.submit(commit);
    } catch (error) {
      if (isNervelineError(error, 'NL-LOG-004')) member.fenced();
      throw error;
    }
  }

  /** Resolves when what was accepted is decided. */
  async flush(): Promise<void> {
    await Promise.all([...this.#holdings.values()].map(({ queue }) => queue.flush()));
  }
}
