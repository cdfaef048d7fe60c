import type { BrokerAddress, ClusterMetadata, TopicMetadata, TopicPartition } from '../wire/broker-connection';
import { kafkaErrors, KafkaProtocolError } from '../wire/kafka-error';

/** What is older is asked for again, so that partitions and brokers that were added are seen. */
const MAX_AGE_MS = 300_000;

/** Who leads which partition, as far as is known. Asked again when a broker says that it is wrong. */
export class MetadataCache {
  readonly #topics = new Map<string, TopicMetadata>();
  readonly #wanted = new Set<string>();
  #brokers = new Map<number, BrokerAddress>();
  #asked_ms = Number.NEGATIVE_INFINITY;
  #refreshing: Promise<void> | undefined;

  constructor(private readonly ask: (topics: readonly string[]) => Promise<ClusterMetadata>) {}

  get brokers(): readonly BrokerAddress[] {
    return [...this.#brokers.values()];
  }

  /** @throws KafkaProtocolError when it has none at this moment, or when there is no such topic */
  async leaderOf({ topic, partition }: TopicPartition): Promise<BrokerAddress> {
    const found = this.leader(topic, partition);
    if (found !== undefined && performance.now() - this.#asked_ms < MAX_AGE_MS) return found;
    await this.refresh(topic);
    const error = this.#topics.get(topic)?.error ?? kafkaErrors.UNKNOWN_TOPIC_OR_PARTITION;
    if (error !== 0) throw new KafkaProtocolError(error, 'Metadata');
    const leader = this.leader(topic, partition);
    if (leader === undefined) throw new KafkaProtocolError(kafkaErrors.LEADER_NOT_AVAILABLE, 'Metadata');
    return leader;
  }

  /** The topic as it is now, also when it doesn't exist. */
  async describe(topics: readonly string[]): Promise<readonly TopicMetadata[]> {
    if (topics.length === 0) return [];
    const metadata = await this.ask(topics);
    this.learn(metadata);
    return metadata.topics;
  }

  /** What is known of the leaders was wrong. */
  forget(): void {
    this.#asked_ms = Number.NEGATIVE_INFINITY;
  }

  private leader(topic: string, partition: number): BrokerAddress | undefined {
    const known = this.#topics.get(topic)?.partitions.find((each) => each.partition === partition);
    return known && this.#brokers.get(known.leader);
  }

  /** One question for all who ask at the same moment. */
  private async refresh(topic: string): Promise<void> {
    if (!this.#wanted.has(topic)) {
      this.#wanted.add(topic);
      // The one under way doesn't ask for it.
      await this.#refreshing?.catch(() => undefined);
    }
    this.#refreshing ??= this.ask([...this.#wanted])
      .then((metadata) => {
        this.learn(metadata);
        this.#asked_ms = performance.now();
      })
      .finally(() => (this.#refreshing = undefined));
    await this.#refreshing;
  }

  private learn({ brokers, topics }: ClusterMetadata): void {
    this.#brokers = new Map(brokers.map((broker) => [broker.node_id, broker]));
    for (const topic of topics) this.#topics.set(topic.topic, topic);
  }
}
