import { NervelineError } from '@nerveline/kernel';
import type { LogRecord } from '../../../ports/log';
import { readable } from '../fetch/aborted-filter';
import type { BrokerConnection, TopicPartition } from '../wire/broker-connection';
import { check, kafkaErrors } from '../wire/kafka-error';
import { leaderOf, type Cluster } from './cluster';

const END = -1;
const BEGINNING = -2;
const SCAN_BYTES = 4 * 1024 * 1024;
const FIRST_STEP_BACK = 4;
const STEP_GROWTH = 16;

export interface OffsetRange {
  readonly start: number;
  /** Behind the last record whose fate is decided. */
  readonly end: number;
}

/** Answers about offsets, each by questions of its own: nothing is read ahead for them. */
export class OffsetLookup {
  constructor(private readonly cluster: Cluster) {}

  /** @throws KafkaProtocolError when there is no such topic */
  async range(partition: TopicPartition): Promise<OffsetRange> {
    const [start, end] = await Promise.all([this.list(partition, BEGINNING), this.list(partition, END)]);
    return { start, end: Math.max(start, end) };
  }

  /** The last record of a range. Behind it there may be marks of transactions, and what was aborted. */
  async last(partition: TopicPartition, label: string, { start, end }: OffsetRange): Promise<LogRecord | undefined> {
    let until = end;
    for (let step = FIRST_STEP_BACK; until > start; step *= STEP_GROWTH) {
      const from = Math.max(start, end - step);
      let last: LogRecord | undefined;
      await this.scan({ ...partition, label }, { from, until }, (record) => {
        last = record;
        return true;
      });
      if (last !== undefined) return last;
      until = from;
    }
    return undefined;
  }

  /** The first offset at or behind `from` whose record is of this event time or later; `until` when there is none. */
  async firstAt(
    place: TopicPartition & { readonly label: string },
    { from, until }: { readonly from: number; readonly until: number },
    timestamp_ms: number,
  ): Promise<number> {
    let found = until;
    await this.scan(place, { from, until }, (record) => {
      if (record.timestamp_ms < timestamp_ms) return true;
      found = record.offset;
      return false;
    });
    return found;
  }

  /** By the index of record times, which is only a lower bound: see `topicConfiguration`. */
  async byTime(partition: TopicPartition, timestamp_ms: number): Promise<number | undefined> {
    const offset = await this.list(partition, Math.max(0, Math.floor(timestamp_ms)));
    return offset < 0 ? undefined : offset;
  }

  private list({ topic, partition }: TopicPartition, timestamp_ms: number): Promise<number> {
    return this.cluster.persist(() =>
      this.cluster.request(leaderOf({ topic, partition }), async (broker) => {
        const [result] = await broker.listOffsets([{ topic, partition, timestamp_ms }]);
        check(result?.error ?? kafkaErrors.NETWORK_EXCEPTION, 'ListOffsets');
        return result?.offset ?? 0;
      }),
    );
  }

  private async scan(
    place: TopicPartition & { readonly label: string },
    { from, until }: { readonly from: number; readonly until: number },
    visit: (record: LogRecord) => boolean,
  ): Promise<void> {
    const lane = { name: 'read', silence_ms: this.cluster.settings.silence_ms };
    for (let at = from; at < until;) {
      const wanted = { ...place, offset: at, max_bytes: SCAN_BYTES };
      const fetch = (broker: BrokerConnection) =>
        broker.fetch({ max_wait_ms: 0, max_bytes: SCAN_BYTES, partitions: [wanted] });
      const part = await this.cluster.persist(async () => {
        const [result] = await this.cluster.request(leaderOf(place), fetch, lane);
        check(result?.error ?? kafkaErrors.NETWORK_EXCEPTION, 'Fetch');
        if (result === undefined) throw new NervelineError('NL-LOG-020', { detail: 'an answer without its partition' });
        return readable(result, at);
      });
      for (const record of part.records) if (record.offset >= until || !visit(record)) return;
      if (part.next_offset === at) return;
      at = part.next_offset;
    }
  }
}
