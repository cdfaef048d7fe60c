import { NervelineError } from '@nerveline/kernel';
import { pause } from '../consumer/backoff';
import { leaderOf, transactionCoordinator, type Cluster } from '../adapters/kafka/cluster/cluster';
import type { OffsetLookup } from '../adapters/kafka/cluster/offset-lookup';
import type { BrokerConnection, Producer, TopicPartition, WireRecord } from '../adapters/kafka/wire/broker-connection';
import { check, kafkaErrors } from '../adapters/kafka/wire/kafka-error';

/** Kafka refuses records without a key in compacted topics, also those that nobody will see. */
const FILLING: WireRecord = { key: Buffer.from('gap'), value: null, headers: [], timestamp_ms: 0 };
const BATCH_RECORDS = 20_000;
/** Of one transaction, which has to end in time. */
const TRANSACTION_OFFSETS = 400_000;
const VISIBLE_WITHIN_MS = 30_000;

/**
 * Takes offsets at the end of a partition without giving anybody a record: those of a transaction that is aborted, and
 * the one of its mark. So a record behind a gap gets the offset on Kafka that it had before.
 */
export class OffsetFiller {
  readonly #sequences = new Map<string, number>();

  private constructor(
    private readonly cluster: Cluster,
    private readonly lookup: OffsetLookup,
    private readonly transactional_id: string,
    private readonly producer: Producer,
  ) {}

  /** What a predecessor of the same id had open is aborted. */
  static async begin(cluster: Cluster, lookup: OffsetLookup, transactional_id: string): Promise<OffsetFiller> {
    const { transaction_timeout_ms } = cluster.settings;
    const producer = await cluster.persist(() =>
      cluster.request(transactionCoordinator(transactional_id), (broker) =>
        broker.initProducer(transactional_id, transaction_timeout_ms),
      ),
    );
    return new OffsetFiller(cluster, lookup, transactional_id, producer);
  }

  /** Resolves when the partition ends at `end`, where it ended at `from`. */
  async takeOffsets(place: TopicPartition, from: number, end: number): Promise<void> {
    for (let at = from; at < end;) {
      const next = Math.min(end, at + TRANSACTION_OFFSETS);
      await this.abortedTransaction(place, next - at - 1);
      await this.untilAt(place, next);
      at = next;
    }
  }

  /** The mark takes an offset, too, also where there is no record. */
  private async abortedTransaction(place: TopicPartition, records: number): Promise<void> {
    const { cluster, producer } = this;
    await this.coordinator((broker) => broker.addPartitionsToTransaction(producer, [place]));
    for (let left = records; left > 0; left -= BATCH_RECORDS) {
      await this.produce(place, Math.min(left, BATCH_RECORDS));
    }
    await this.coordinator((broker) => broker.endTransaction(producer, false));
    cluster.closing.throwIfAborted();
  }

  private async produce(place: TopicPartition, count: number): Promise<void> {
    const { cluster, producer } = this;
    const id = `${place.topic}/${place.partition}`;
    const first_sequence = this.#sequences.get(id) ?? 0;
    const records = Array.from({ length: count }, () => FILLING);
    const { compression, silence_ms: timeout_ms } = cluster.settings;
    const request = { producer, compression, timeout_ms, batches: [{ ...place, first_sequence, records }] };
    await cluster.persist(async () => {
      const [result] = await cluster.request(leaderOf(place), (broker) => broker.produce(request));
      check(result?.error ?? kafkaErrors.NETWORK_EXCEPTION, 'Produce');
    });
    this.#sequences.set(id, first_sequence + count);
  }

  /** A mark is written a moment after the transaction has ended; what came before it would take its place. */
  private async untilAt(place: TopicPartition, end: number): Promise<void> {
    const deadline_ms = performance.now() + VISIBLE_WITHIN_MS;
    for (;;) {
      const found = (await this.lookup.range(place)).end;
      if (found === end) return;
      if (found > end || performance.now() > deadline_ms) {
        const detail = `${place.topic}/${place.partition} ends at ${found}, and should at ${end}`;
        throw new NervelineError('NL-LOG-040', { detail });
      }
      await pause(5, this.cluster.closing);
    }
  }

  private coordinator<T>(send: (broker: BrokerConnection) => Promise<T>): Promise<T> {
    const { cluster, transactional_id } = this;
    return cluster.persist(() => cluster.request(transactionCoordinator(transactional_id), send));
  }
}
