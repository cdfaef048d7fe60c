import { isNervelineError, NervelineError } from '@nerveline/kernel';
import { pause } from '../../../consumer/backoff';
import { groupCoordinator, leaderOf, transactionCoordinator, type Cluster } from '../cluster/cluster';
import type { Lane } from '../cluster/connections';
import { byTopic } from '../wire/by-topic';
import type {
  BrokerConnection,
  CommittedOffset,
  Producer,
  TopicPartition,
  WireRecord,
} from '../wire/broker-connection';
import { check, isFencing, kafkaErrors, KafkaProtocolError } from '../wire/kafka-error';

/** Records of one partition in a transaction, in their order. */
export interface TransactionRecords extends TopicPartition {
  readonly records: readonly WireRecord[];
  readonly size_bytes: number;
}

export interface TransactionWork {
  readonly records: readonly TransactionRecords[];
  readonly offsets: ReadonlyMap<string, readonly CommittedOffset[]>;
}

const MAX_BATCH_BYTES = 900_000;

/**
 * The producer of one transactional id, which is given to one owner at a time: beginning anew with it ends what its last
 * owner had open, and fences that one.
 */
export class TransactionProducer {
  readonly #lane: Lane;
  readonly #next_sequences = new Map<string, number>();
  #producer: Producer | undefined;
  #fenced: NervelineError | undefined;

  constructor(
    private readonly cluster: Cluster,
    readonly transactional_id: string,
  ) {
    this.#lane = { name: 'transaction', silence_ms: cluster.settings.silence_ms };
  }

  /** Fences whoever had the id before. Resolves when what that one began is decided and visible. */
  async begin(): Promise<void> {
    const { transaction_timeout_ms } = this.cluster.settings;
    this.#producer = await this.cluster.persist(() =>
      this.coordinator((broker) => broker.initProducer(this.transactional_id, transaction_timeout_ms)),
    );
  }

  /**
   * All of it or nothing. Resolves when everybody sees it, with the offsets of the records.
   *
   * @throws NervelineError `NL-LOG-003`, `NL-LOG-004`, `NL-LOG-007`, `NL-LOG-021`
   */
  async commit(work: TransactionWork): Promise<readonly (readonly number[])[]> {
    if (this.#fenced !== undefined) throw this.#fenced;
    const producer = this.#producer;
    if (producer === undefined) throw new TypeError('the producer has not begun');
    let offsets: readonly (readonly number[])[];
    try {
      await this.announce(producer, work);
      offsets = await settled(work.records.map((records) => this.produce(producer, records)));
      await this.commitOffsets(producer, work);
    } catch (error) {
      await this.abort(producer, error);
      throw this.refusalOf(error);
    }
    await this.end(producer, true);
    await this.untilVisible();
    return offsets;
  }

  private async announce(producer: Producer, { records, offsets }: TransactionWork): Promise<void> {
    if (records.length > 0) {
      await this.persist(() => this.coordinator((broker) => broker.addPartitionsToTransaction(producer, records)));
    }
    for (const group of offsets.keys()) {
      await this.persist(() => this.coordinator((broker) => broker.addOffsetsToTransaction(producer, group)));
    }
  }

  private async produce(
    producer: Producer,
    { topic, partition, records, size_bytes }: TransactionRecords,
  ): Promise<number[]> {
    const { compression, silence_ms } = this.cluster.settings;
    const key = `${topic}/${partition}`;
    const per_batch = Math.max(1, Math.floor((records.length * MAX_BATCH_BYTES) / Math.max(1, size_bytes)));
    const offsets: number[] = [];
    for (let i = 0; i < records.length; i += per_batch) {
      const some = size_bytes <= MAX_BATCH_BYTES ? records : records.slice(i, i + per_batch);
      const batch = { topic, partition, first_sequence: this.#next_sequences.get(key) ?? 0, records: some };
      const request = { producer, compression, batches: [batch], timeout_ms: silence_ms };
      const stored = await this.persist(async () => {
        const send = (broker: BrokerConnection) => broker.produce(request);
        const [result] = await this.cluster.request(leaderOf(batch), send, this.#lane);
        check(result?.error ?? kafkaErrors.NETWORK_EXCEPTION, 'Produce');
        return result?.offset ?? -1;
      });
      // Others may append between two batches.
      for (let at = 0; at < some.length; at += 1) offsets.push(stored + at);
      this.#next_sequences.set(key, batch.first_sequence + some.length);
      if (some === records) break;
    }
    return offsets;
  }

  private async commitOffsets(producer: Producer, { offsets }: TransactionWork): Promise<void> {
    for (const [group, of_group] of offsets) {
      const send = (broker: BrokerConnection) => broker.commitOffsetsInTransaction(producer, group, of_group);
      await this.persist(() => this.cluster.request(groupCoordinator(group), send, this.#lane));
    }
  }

  /** Sent until it is answered: the same end twice is one. */
  private async end(producer: Producer, commit: boolean): Promise<void> {
    try {
      await this.cluster.persist(() => this.coordinator((broker) => broker.endTransaction(producer, commit)));
    } catch (error) {
      throw this.refusalOf(error);
    }
  }

  private async abort(producer: Producer, reason: unknown): Promise<void> {
    if (isFencing(reason)) return;
    await this.end(producer, false);
    // Was the batch stored that nobody answered for? The next one would be taken for it, or for a gap. To begin anew
    // would settle it, but could fence a successor, who alone may do so.
    if (isNervelineError(reason, 'NL-LOG-020')) {
      this.#fenced ??= fencedError(`${this.transactional_id} had no answer for too long`, reason);
    }
  }

  /** What was committed is durable already; its marks may take a few milliseconds more to reach all partitions. */
  private async untilVisible(): Promise<void> {
    const deadline_ms = performance.now() + this.cluster.settings.delivery_timeout_ms;
    for (let wait_ms = 1; performance.now() < deadline_ms; wait_ms = Math.min(wait_ms * 2, MAX_VISIBLE_WAIT_MS)) {
      // Any other state is of somebody who has begun after us, and so after it was visible.
      if ((await this.state()) !== 'PrepareCommit') return;
      await pause(wait_ms, this.cluster.closing);
    }
  }

  private async state(): Promise<string | undefined> {
    try {
      return await this.cluster.persist(() =>
        this.coordinator((broker) => broker.transactionState(this.transactional_id)),
      );
    } catch (error) {
      // Not allowed to ask, or nothing is kept of it any more: it is durable all the same.
      if (error instanceof KafkaProtocolError || isNervelineError(error, 'NL-LOG-021')) return undefined;
      throw error;
    }
  }

  /** An owner that takes longer than its transaction may stay open finds it aborted. */
  private persist<T>(act: () => Promise<T>): Promise<T> {
    const { delivery_timeout_ms, transaction_timeout_ms } = this.cluster.settings;
    return this.cluster.persist(act, Math.min(delivery_timeout_ms, transaction_timeout_ms / 2));
  }

  private coordinator<T>(send: (broker: BrokerConnection) => Promise<T>): Promise<T> {
    return this.cluster.request(transactionCoordinator(this.transactional_id), send, this.#lane);
  }

  private refusalOf(error: unknown): unknown {
    if (isFencing(error)) {
      this.#fenced ??= fencedError(`${this.transactional_id} was taken over`, error);
      return this.#fenced;
    }
    if (!(error instanceof KafkaProtocolError)) {
      const failed = error instanceof NervelineError && error.code === 'NL-LOG-020';
      return failed ? new NervelineError('NL-LOG-003', { detail: error.detail, cause: error }) : error;
    }
    const too_large = error.code === kafkaErrors.MESSAGE_TOO_LARGE || error.code === kafkaErrors.RECORD_LIST_TOO_LARGE;
    return new NervelineError(too_large ? 'NL-LOG-007' : 'NL-LOG-003', { detail: error.message, cause: error });
  }
}

const MAX_VISIBLE_WAIT_MS = 20;

const fencedError = (detail: string, cause: unknown): NervelineError =>
  new NervelineError('NL-LOG-004', { detail, cause });

/** All results, or the first failure; but nothing is under way any more then. */
async function settled<T>(results: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(results);
  return Promise.all(results);
}

/** Puts records of one partition together, in their order. */
export function groupRecords(
  placed: readonly (TopicPartition & { readonly record: WireRecord; readonly size_bytes: number })[],
): TransactionRecords[] {
  return byTopic(placed).flatMap(([topic, of_topic]) => {
    const partitions = new Map<number, { records: WireRecord[]; size_bytes: number }>();
    for (const { partition, record, size_bytes } of of_topic) {
      const group = partitions.get(partition) ?? { records: [], size_bytes: 0 };
      group.records.push(record);
      group.size_bytes += size_bytes;
      partitions.set(partition, group);
    }
    return [...partitions].map(([partition, group]) => ({ topic, partition, ...group }));
  });
}
