import { NervelineError, offset } from '@nerveline/kernel';
import type { LogTopic } from '../adapters/embedded/log-topic';
import { leaderOf, type Cluster } from '../adapters/kafka/cluster/cluster';
import type { OffsetLookup, OffsetRange } from '../adapters/kafka/cluster/offset-lookup';
import { toWireRecord } from '../adapters/kafka/produce/placed-record';
import type { Producer, TopicPartition } from '../adapters/kafka/wire/broker-connection';
import { check, kafkaErrors } from '../adapters/kafka/wire/kafka-error';
import type { Log, LogRecord } from '../ports/log';
import { isSameRecord } from './compare';
import type { OffsetFiller } from './offset-filler';

const READ = { max_bytes: 512 * 1024, max_records: 10_000 };
const BATCH_BYTES = 900_000;
const OVERHEAD_BYTES = 40;

export interface CopierParts {
  readonly cluster: Cluster;
  readonly lookup: OffsetLookup;
  readonly filler: OffsetFiller;
  readonly source: Log;
  /** The broker's name of a topic. */
  nameOf(topic: string): string;
}

/** Copies partitions record by record to the same offsets, and goes on where an earlier try ended. */
export class PartitionCopier {
  readonly #sequences = new Map<string, number>();
  #producer: Producer | undefined;

  constructor(private readonly parts: CopierParts) {}

  /** @throws NervelineError `NL-LOG-040` when the partition holds more than there is to move, or somebody writes it */
  async copy(topic: LogTopic, partition: number): Promise<void> {
    const { lookup, source, filler } = this.parts;
    const place = { topic: this.parts.nameOf(topic.name), partition };
    const { start_offset, next_offset } = await source.tail(topic.name, partition);
    const there = await lookup.range(place);
    if (there.end > next_offset) throw strange(place, `ends at ${there.end}, what is moved at ${next_offset}`);
    await this.requireOurs(topic.name, place, there);
    let at = there.end;
    const fillTo = async (end: number): Promise<void> => {
      if (end > at) await filler.takeOffsets(place, at, end);
      at = Math.max(at, end);
    };
    await fillTo(start_offset);
    while (at < next_offset) {
      const read = await source.read({ topic: topic.name, partition, from: offset(at), ...READ });
      for (const records of batchesOf(read.records)) {
        await fillTo(records[0]?.offset ?? at);
        await this.produce(topic, place, records);
        at += records.length;
      }
      await fillTo(read.next_offset);
    }
    // What was dropped by its age is not there on Kafka either; a compacted topic refuses to be told.
    if (topic.retention.kind === 'age' && start_offset > there.start) await this.dropBefore(place, start_offset);
  }

  /** Where something is there already, an earlier try of this move has put it there. */
  private async requireOurs(topic: string, place: TopicPartition, there: OffsetRange): Promise<void> {
    const { lookup, source } = this.parts;
    const last = await lookup.last(place, topic, there);
    if (last === undefined) return;
    const { start_offset } = await source.tail(topic, place.partition);
    const from = offset(Math.max(last.offset, start_offset));
    const { records } = await source.read({ topic, partition: place.partition, from, max_records: 1 });
    const [ours] = records;
    if (ours === undefined || !isSameRecord(ours, last)) throw strange(place, `has another record at ${last.offset}`);
  }

  private async produce(topic: LogTopic, place: TopicPartition, records: readonly LogRecord[]): Promise<void> {
    const { cluster } = this.parts;
    const producer = await this.producer();
    const id = `${place.topic}/${place.partition}`;
    const first_sequence = this.#sequences.get(id) ?? 0;
    const compacted = topic.retention.kind === 'compacted';
    const wire = records.map((record) => toWireRecord(record, compacted ? record.appended_ms : undefined));
    const { compression, silence_ms: timeout_ms } = cluster.settings;
    const request = { producer, compression, timeout_ms, batches: [{ ...place, first_sequence, records: wire }] };
    const stored = await cluster.persist(async () => {
      const [result] = await cluster.request(leaderOf(place), (broker) => broker.produce(request));
      check(result?.error ?? kafkaErrors.NETWORK_EXCEPTION, 'Produce');
      return result?.offset ?? -1;
    });
    const wanted = records[0]?.offset ?? stored;
    if (stored !== wanted) throw strange(place, `gave offset ${stored} to the record of offset ${wanted}`);
    this.#sequences.set(id, first_sequence + records.length);
  }

  private async dropBefore(place: TopicPartition, before: number): Promise<void> {
    const { cluster } = this.parts;
    await cluster.persist(() => cluster.request(leaderOf(place), (broker) => broker.deleteRecords(place, before)));
  }

  private async producer(): Promise<Producer> {
    const { cluster } = this.parts;
    const make = () => cluster.request({ kind: 'any' }, (broker) => broker.initProducer(null, 0));
    this.#producer ??= await cluster.persist(make);
    return this.#producer;
  }
}

/** Runs of offsets without a gap, of which each fits into one record batch. */
function* batchesOf(records: readonly LogRecord[]): Generator<readonly LogRecord[]> {
  let batch: LogRecord[] = [];
  let size_bytes = 0;
  for (const record of records) {
    const size = sizeOf(record);
    const follows = record.offset === (batch.at(-1)?.offset ?? record.offset - 1) + 1;
    if (batch.length > 0 && (!follows || size_bytes + size > BATCH_BYTES)) {
      yield batch;
      batch = [];
      size_bytes = 0;
    }
    batch.push(record);
    size_bytes += size;
  }
  if (batch.length > 0) yield batch;
}

function sizeOf({ key, value, headers }: LogRecord): number {
  let size_bytes = (key?.length ?? 0) + (value?.length ?? 0) + OVERHEAD_BYTES;
  for (const [name, text] of Object.entries(headers)) size_bytes += Buffer.byteLength(name) + Buffer.byteLength(text);
  return size_bytes;
}

const strange = ({ topic, partition }: TopicPartition, what: string): NervelineError =>
  new NervelineError('NL-LOG-040', { detail: `${topic}/${partition} ${what}` });
