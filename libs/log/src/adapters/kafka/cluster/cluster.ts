import { setMaxListeners } from 'node:events';
import { NervelineError } from '@nerveline/kernel';
import { pause } from '../../../consumer/backoff';
import type { KafkaSettings } from '../settings';
import type {
  BrokerAddress,
  BrokerConnection,
  ClusterMetadata,
  KafkaWire,
  TopicMetadata,
  TopicPartition,
} from '../wire/broker-connection';
import { isTransient, kafkaErrors, KafkaConnectionError, KafkaProtocolError } from '../wire/kafka-error';
import { Connections, type Lane } from './connections';
import { Connectivity, type BrokerState } from './connectivity';
import { MetadataCache } from './metadata-cache';

/** Which broker a request is for. */
export type Where =
  | { readonly kind: 'any' }
  | ({ readonly kind: 'leader' } & TopicPartition)
  | { readonly kind: 'coordinator'; readonly of: 'group' | 'transaction'; readonly key: string };

export const leaderOf = ({ topic, partition }: TopicPartition): Where => ({ kind: 'leader', topic, partition });
export const groupCoordinator = (key: string): Where => ({ kind: 'coordinator', of: 'group', key });
export const transactionCoordinator = (key: string): Where => ({ kind: 'coordinator', of: 'transaction', key });

const FIRST_BACKOFF_MS = 4;
const MAX_BACKOFF_MS = 500;

const AUTHORIZATION: ReadonlySet<number> = new Set([
  kafkaErrors.TOPIC_AUTHORIZATION_FAILED,
  kafkaErrors.GROUP_AUTHORIZATION_FAILED,
  kafkaErrors.CLUSTER_AUTHORIZATION_FAILED,
  kafkaErrors.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
]);

/** The brokers as one: requests find the right one, and those that fail for the moment are tried again. */
export class Cluster {
  readonly control: Lane;
  readonly #connections: Connections;
  readonly #metadata: MetadataCache;
  readonly #coordinators = new Map<string, BrokerAddress>();
  readonly #seeds: readonly BrokerAddress[];
  readonly #closing = new AbortController();
  #next_seed = 0;

  constructor(
    wire: KafkaWire,
    readonly settings: KafkaSettings,
    tell: (state: BrokerState) => void,
  ) {
    // Whatever waits listens for the end: that is no leak.
    setMaxListeners(0, this.closing);
    this.control = { name: 'control', silence_ms: settings.silence_ms };
    this.#connections = new Connections(wire, new Connectivity(tell));
    this.#metadata = new MetadataCache((topics) => this.askMetadata(topics));
    this.#seeds = settings.brokers.map((broker) => {
      const at = broker.lastIndexOf(':');
      return { host: broker.slice(0, at), port: Number(broker.slice(at + 1)) };
    });
  }

  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  /** One try. What is known of leaders and coordinators is forgotten when it was wrong. */
  async request<T>(where: Where, send: (broker: BrokerConnection) => Promise<T>, lane = this.control): Promise<T> {
    try {
      return await this.#connections.use(await this.addressOf(where), lane, send);
    } catch (error) {
      if (isTransient(error)) this.forget(where);
      throw error;
    }
  }

  /**
   * Tries until it works, for at most `within_ms`, while the failures are of the kind that passes.
   *
   * @throws NervelineError `NL-LOG-020` when it doesn't, `NL-LOG-021`, `NL-LOG-027`, `NL-LOG-015` after close; other protocol errors as they are
   */
  async persist<T>(act: () => Promise<T>, within_ms = Number.POSITIVE_INFINITY): Promise<T> {
    const deadline_ms = performance.now() + within_ms;
    for (let backoff_ms = FIRST_BACKOFF_MS; ; backoff_ms = Math.min(MAX_BACKOFF_MS, backoff_ms * 2)) {
      if (this.closing.aborted) throw new NervelineError('NL-LOG-015', { detail: 'the log was closed' });
      try {
        return await act();
      } catch (error) {
        if (!isTransient(error)) throw refusalOf(error);
        if (performance.now() + backoff_ms > deadline_ms) {
          throw new NervelineError('NL-LOG-020', { detail: String(error), cause: error });
        }
      }
      await pause(backoff_ms * (0.5 + Math.random() / 2), this.closing);
    }
  }

  describeTopics(topics: readonly string[]): Promise<readonly TopicMetadata[]> {
    return this.#metadata.describe(topics);
  }

  leaderAddress(partition: TopicPartition): Promise<BrokerAddress> {
    return this.#metadata.leaderOf(partition);
  }

  async brokers(): Promise<readonly BrokerAddress[]> {
    if (this.#metadata.brokers.length === 0) await this.#metadata.describe(['']);
    return this.#metadata.brokers;
  }

  forget(where: Where): void {
    if (where.kind === 'coordinator') this.#coordinators.delete(coordinatorKey(where));
    this.#metadata.forget();
  }

  /** A request to a broker that is known already. */
  ask<T>(address: BrokerAddress, lane: Lane, send: (broker: BrokerConnection) => Promise<T>): Promise<T> {
    return this.#connections.use(address, lane, send);
  }

  dropLane(name: string): void {
    this.#connections.dropLane(name);
  }

  close(): void {
    this.#closing.abort();
    this.#connections.close();
  }

  private async addressOf(where: Where): Promise<BrokerAddress> {
    switch (where.kind) {
      case 'any':
        return this.anyBroker();
      case 'leader':
        return this.#metadata.leaderOf(where);
      case 'coordinator': {
        const key = coordinatorKey(where);
        const known = this.#coordinators.get(key);
        if (known !== undefined) return known;
        const found = await this.#connections.use(this.anyBroker(), this.control, (broker) =>
          broker.findCoordinator(where.of, where.key),
        );
        const address = { host: found.host, port: found.port };
        this.#coordinators.set(key, address);
        return address;
      }
    }
  }

  /** Turn by turn, so that one that is down costs one try. Those of the settings too: others may have been replaced. */
  private anyBroker(): BrokerAddress {
    const candidates = [...this.#metadata.brokers, ...this.#seeds];
    this.#next_seed += 1;
    return candidates[this.#next_seed % candidates.length] ?? { host: '', port: 0 };
  }

  private askMetadata(topics: readonly string[]): Promise<ClusterMetadata> {
    return this.#connections.use(this.anyBroker(), this.control, (broker) => broker.metadata(topics));
  }
}

const coordinatorKey = ({ of, key }: { readonly of: string; readonly key: string }): string => `${of} ${key}`;

function refusalOf(error: unknown): unknown {
  if (error instanceof KafkaConnectionError && error.untrusted) {
    return new NervelineError('NL-LOG-027', { detail: error.message, cause: error });
  }
  const refused =
    (error instanceof KafkaConnectionError && error.refused_credentials) ||
    (error instanceof KafkaProtocolError && AUTHORIZATION.has(error.code));
  return refused ? new NervelineError('NL-LOG-021', { detail: error.message, cause: error }) : error;
}
