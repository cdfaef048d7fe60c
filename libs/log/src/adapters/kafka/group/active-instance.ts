import { NervelineError } from '@nerveline/kernel';
import type { Cluster } from '../cluster/cluster';
import type { KafkaNames } from '../topic-names';
import { GroupSession } from './group-session';
import { KafkaMember } from './kafka-member';

/** What the instances of a service hear, of which one works at a time. */
export interface Alone {
  /** Another instance works: this one waits until that one ends, dies, or isn't heard of for `session_ms`. */
  readonly onStandby?: () => void;
  /** This one wasn't heard of for so long that another may have taken over: it must do nothing any more. */
  readonly onLost: (error: NervelineError) => void;
}

export interface ActiveInstanceTerms {
  readonly names: KafkaNames;
  /** Any topic of the service: brokers want one. */
  readonly topic: string;
  readonly address: string;
}

const HOOKS = { prepare: async () => undefined, release: async () => undefined };

/** The right of one instance to be the one that works: a Kafka group with a single number to give away. */
export class ActiveInstance {
  private constructor(private readonly member: KafkaMember) {}

  /**
   * Resolves when it is this instance's turn.
   *
   * @throws NervelineError `NL-LOG-015` when the cluster was closed before
   */
  static async become(cluster: Cluster, terms: ActiveInstanceTerms, alone: Alone): Promise<ActiveInstance> {
    const { names, topic, address } = terms;
    const { session_ms, heartbeat_ms, drain_ms } = cluster.settings;
    const group = names.active;
    const topics = new Map([[names.broker(topic), 1]]);
    const session = new GroupSession(cluster, { group, topics, address, session_ms, heartbeat_ms });
    return new Promise((resolve, reject) => {
      const lost = (): void => {
        const detail = `${group}: this instance was not heard of for ${session_ms} ms, another one may have taken over`;
        alone.onLost(new NervelineError('NL-LOG-004', { detail }));
        void member.leave();
      };
      const options = {
        group,
        topics: [topic],
        onAssigned: async () => resolve(new ActiveInstance(member)),
        onRevoked: async () => undefined,
        onLost: lost,
      };
      const member = new KafkaMember(session, options, HOOKS, drain_ms);
      const giveUp = (): void => {
        void member.leave();
        reject(new NervelineError('NL-LOG-015', { detail: 'the log was closed before it was open' }));
      };
      cluster.closing.addEventListener('abort', giveUp, { once: true });
      member.done.catch(reject);
      member.start().then(() => member.ownerships.size === 0 && alone.onStandby?.(), reject);
    });
  }

  /** @throws NervelineError `NL-LOG-004` when another instance may have taken over */
  check(): void {
    const [ownership] = this.member.ownerships.values();
    if (ownership !== undefined) return this.member.check(ownership);
    throw new NervelineError('NL-LOG-004', { detail: 'another instance may have taken over' });
  }

  /** Lets the next instance work. */
  async leave(): Promise<void> {
    await this.member.leave();
  }
}
