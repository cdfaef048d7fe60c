import { NervelineError, offset, type RecordPosition } from '@nerveline/kernel';
import { pause } from '../../../consumer/backoff';
import { leaderOf, type Cluster } from '../cluster/cluster';
import type { Lane } from '../cluster/connections';
import type { BrokerAddress, OffsetResult, Producer } from '../wire/broker-connection';
import { isTransient, isTransientCode, kafkaErrorName, kafkaErrors } from '../wire/kafka-error';
import { PartitionQueue, type Piece, type SentBatch } from './partition-queue';
import type { PlacedRecord } from './placed-record';

const FIRST_BACKOFF_MS = 5;
const MAX_BACKOFF_MS = 500;
/** One request holds at most this much, beyond the first batch. */
const MAX_REQUEST_BATCHES = 16;

const LOST_PRODUCER: ReadonlySet<number> = new Set([
  kafkaErrors.OUT_OF_ORDER_SEQUENCE_NUMBER,
  kafkaErrors.UNKNOWN_PRODUCER_ID,
  kafkaErrors.INVALID_PRODUCER_EPOCH,
]);
const TOO_LARGE: ReadonlySet<number> = new Set([kafkaErrors.MESSAGE_TOO_LARGE, kafkaErrors.RECORD_LIST_TOO_LARGE]);

/**
 * Appends without a transaction: idempotent, acknowledged by all in-sync replicas. What is appended while a request is on
 * its way rides together in the next one.
 */
export class AppendQueue {
  readonly #lane: Lane;
  readonly #queues = new Map<string, PartitionQueue>();
  #producer: Producer | undefined;
  #running: Promise<void> | undefined;
  #pending_bytes = 0;
  #backoff_ms = 0;
  #troubled = false;

  constructor(
    private readonly cluster: Cluster,
    private readonly nameOf: (topic: string) => string,
  ) {
    this.#lane = { name: 'produce', silence_ms: cluster.settings.silence_ms };
  }

  /** @throws NervelineError `NL-LOG-003`, `NL-LOG-007`, `NL-LOG-013`, `NL-LOG-021` */
  async append(records: readonly PlacedRecord[]): Promise<readonly RecordPosition[]> {
    const size_bytes = records.reduce((sum, record) => sum + record.size_bytes, 0);
    const { max_pending_bytes } = this.cluster.settings;
    if (this.#pending_bytes > 0 && this.#pending_bytes + size_bytes > max_pending_bytes) {
      const detail = `${this.#pending_bytes} bytes wait to be stored, max_pending_bytes is ${max_pending_bytes}`;
      throw new NervelineError('NL-LOG-013', { detail });
    }
    this.#pending_bytes += size_bytes;
    try {
      return await new Promise((resolve, reject) => {
        this.enqueue(records, resolve, reject);
        this.wake();
      });
    } finally {
      this.#pending_bytes -= size_bytes;
    }
  }

  /** Resolves when nothing is waiting any more. */
  async flush(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  private enqueue(
    records: readonly PlacedRecord[],
    resolve: (positions: RecordPosition[]) => void,
    reject: (error: unknown) => void,
  ): void {
    const positions = new Array<RecordPosition>(records.length);
    let missing = records.length;
    if (missing === 0) resolve(positions);
    for (const [queue, indexes] of this.byPartition(records)) {
      const of_partition = indexes.map((i) => records[i]).filter((record) => record !== undefined);
      const [first] = of_partition;
      if (first === undefined) continue;
      const { topic, partition } = first;
      queue.push({
        records: of_partition.map(({ record }) => record),
        size_bytes: of_partition.reduce((sum, record) => sum + record.size_bytes, 0),
        stored(first_record, count, first_offset) {
          for (let i = 0; i < count; i += 1) {
            positions[indexes[first_record + i] ?? 0] = { topic, partition, offset: offset(first_offset + i) };
          }
          missing -= count;
          if (missing === 0) resolve(positions);
        },
        failed: reject,
      } satisfies Piece);
    }
  }

  private byPartition(records: readonly PlacedRecord[]): Map<PartitionQueue, number[]> {
    const indexes = new Map<PartitionQueue, number[]>();
    for (const [i, { topic, partition }] of records.entries()) {
      const key = `${topic}/${partition}`;
      let queue = this.#queues.get(key);
      if (queue === undefined) {
        queue = new PartitionQueue(this.nameOf(topic), partition);
        this.#queues.set(key, queue);
      }
      const of_queue = indexes.get(queue);
      if (of_queue === undefined) indexes.set(queue, [i]);
      else of_queue.push(i);
    }
    return indexes;
  }

  private wake(): void {
    this.#running ??= this.run().finally(() => {
      this.#running = undefined;
      if (this.waiting().length > 0) this.wake();
    });
  }

  private waiting(): PartitionQueue[] {
    return [...this.#queues.values()].filter(({ waits }) => waits);
  }

  private async run(): Promise<void> {
    // What is appended in the same turn goes together.
    await new Promise((resolve) => setImmediate(resolve));
    for (let queues = this.waiting(); queues.length > 0; queues = this.waiting()) {
      this.#troubled = false;
      try {
        await this.round(queues);
      } catch (error) {
        // Nobody to send it to, or no producer id to be had.
        this.failed(queues, error);
      }
      this.#backoff_ms = this.#troubled
        ? Math.min(MAX_BACKOFF_MS, Math.max(FIRST_BACKOFF_MS, this.#backoff_ms * 2))
        : 0;
      if (this.#backoff_ms > 0) await pause(this.#backoff_ms, this.cluster.closing);
      if (this.cluster.closing.aborted) this.refuseAll();
    }
  }

  /** Sends one batch of each partition, one request to each leader, side by side. */
  private async round(queues: readonly PartitionQueue[]): Promise<void> {
    const producer = await this.producer();
    const by_leader = new Map<BrokerAddress, PartitionQueue[]>();
    for (const queue of queues) {
      const leader = await this.cluster.leaderAddress(queue);
      const of_leader = by_leader.get(leader);
      if (of_leader === undefined) by_leader.set(leader, [queue]);
      else if (of_leader.length < MAX_REQUEST_BATCHES) of_leader.push(queue);
    }
    await Promise.all([...by_leader].map(([leader, of_leader]) => this.send(leader, of_leader, producer)));
  }

  private async producer(): Promise<Producer> {
    this.#producer ??= await this.cluster.request({ kind: 'any' }, (broker) => broker.initProducer(null, 60_000));
    return this.#producer;
  }

  private async send(leader: BrokerAddress, queues: readonly PartitionQueue[], current: Producer): Promise<void> {
    const sending = new Map<Producer, { queue: PartitionQueue; batch: SentBatch }[]>();
    for (const queue of queues) {
      const batch = queue.next(current);
      if (batch !== undefined) sending.set(batch.producer, [...(sending.get(batch.producer) ?? []), { queue, batch }]);
    }
    const { compression, silence_ms } = this.cluster.settings;
    for (const [producer, sent] of sending) {
      const batches = sent.map(({ batch }) => batch);
      const request = { producer, compression, batches, timeout_ms: silence_ms };
      try {
        const results = await this.cluster.ask(leader, this.#lane, (broker) => broker.produce(request));
        const found = new Map(results.map((result) => [`${result.topic}/${result.partition}`, result]));
        for (const { queue } of sent) this.settle(queue, found.get(`${queue.topic}/${queue.partition}`));
      } catch (error) {
        this.failed(
          sent.map(({ queue }) => queue),
          error,
        );
      }
    }
  }

  private settle(queue: PartitionQueue, result: OffsetResult | undefined): void {
    const error = result?.error ?? kafkaErrors.NETWORK_EXCEPTION;
    if (error === 0) return queue.stored(result?.offset ?? 0);
    if (LOST_PRODUCER.has(error)) {
      this.#producer = undefined;
      this.#troubled = true;
      return queue.restart();
    }
    if (TOO_LARGE.has(error) && queue.shrink()) return undefined;
    const detail = `${queue.topic}/${queue.partition}: ${kafkaErrorName(error)}`;
    // A topic that was made a moment ago isn't known to every broker yet.
    if (isTransientCode(error) || error === kafkaErrors.UNKNOWN_TOPIC_OR_PARTITION) {
      return this.later(queue, detail);
    }
    if (TOO_LARGE.has(error)) return queue.refuse(new NervelineError('NL-LOG-007', { detail }));
    if (error === kafkaErrors.TOPIC_AUTHORIZATION_FAILED) {
      return queue.refuse(new NervelineError('NL-LOG-021', { detail }));
    }
    return queue.refuse(new NervelineError('NL-LOG-003', { detail }));
  }

  private failed(queues: readonly PartitionQueue[], error: unknown): void {
    if (!isTransient(error) && !(error instanceof Error && error.message.includes('UNKNOWN_TOPIC'))) {
      for (const queue of queues) queue.refuseAll(error);
      return;
    }
    for (const queue of queues) this.later(queue, String(error));
  }

  /** Tries again, until the batch has waited for too long. Whether it is stored isn't known then. */
  private later(queue: PartitionQueue, detail: string): void {
    this.cluster.forget(leaderOf(queue));
    this.#troubled = true;
    if (performance.now() - queue.since_ms < this.cluster.settings.delivery_timeout_ms) return;
    // Sequences behind a batch that may be missing fit nothing any more.
    this.#producer = undefined;
    queue.refuseAll(new NervelineError('NL-LOG-003', { detail: `${detail}, for delivery_timeout_ms` }));
  }

  private refuseAll(): void {
    const closed = new NervelineError('NL-LOG-015', { detail: 'the log was closed' });
    for (const queue of this.#queues.values()) queue.refuseAll(closed);
  }
}
