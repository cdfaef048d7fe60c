import {
  isNervelineError,
  NervelineError,
  offset,
  type Commit,
  type InputPosition,
  type Offset,
  type OutRecord,
  type RecordPosition,
} from '@nerveline/kernel';
import type { GroupMember, JoinOptions } from '../../ports/group';
import type { Log, Owner, PartitionTail, ReadBatch, ReadRequest, StateReader, TopicDescription } from '../../ports/log';
import type { LogTopic, LogTopics } from '../embedded/log-topic';
import type { Cluster } from './cluster/cluster';
import type { OffsetLookup } from './cluster/offset-lookup';
import type { Fetcher, ReadPlace } from './fetch/fetcher';
import type { GroupDirectory } from './group/group-directory';
import type { AppendQueue } from './produce/append-queue';
import type { Writing } from './writing';
import type { KafkaNames } from './topic-names';
import { hasCode, kafkaErrors } from './wire/kafka-error';

/** What an open log is made of. */
export interface KafkaParts {
  readonly service: string;
  readonly topics: LogTopics;
  readonly names: KafkaNames;
  readonly cluster: Cluster;
  readonly fetcher: Fetcher;
  readonly lookup: OffsetLookup;
  readonly appends: AppendQueue;
  readonly groups: GroupDirectory;
  /** Undefined for a reader that owns no topic. */
  readonly writing: Writing | undefined;
  readonly state: StateReader;
}

const DEFAULT_MAX_BYTES = 1024 * 1024;
const DEFAULT_MAX_RECORDS = 10_000;

/** The log on Apache Kafka; {@link openKafkaLog} makes it. */
export class KafkaLog implements Log {
  readonly state: StateReader;
  #closing: Promise<void> | undefined;

  constructor(private readonly parts: KafkaParts) {
    this.state = parts.state;
  }

  async append(records: readonly OutRecord[]): Promise<readonly RecordPosition[]> {
    this.checkOpen();
    return this.noted(await this.writing().append(records));
  }

  async commit(commit: Commit): Promise<readonly RecordPosition[]> {
    this.checkOpen();
    return this.noted(await this.writing().commit(commit));
  }

  /** Who reads on from there isn't told that there is nothing. */
  private noted(positions: readonly RecordPosition[]): readonly RecordPosition[] {
    for (const { topic, partition, offset: at } of positions) {
      this.parts.fetcher.noteEnd(this.parts.names.broker(topic), partition, at + 1);
    }
    return positions;
  }

  async read(request: ReadRequest): Promise<ReadBatch> {
    const { topic, partition, from, max_bytes = DEFAULT_MAX_BYTES, max_records = DEFAULT_MAX_RECORDS } = request;
    this.find(topic, partition);
    const place = this.placeOf({ topic, partition, next_offset: from });
    try {
      return await this.parts.fetcher.read(place, { max_bytes, max_records });
    } catch (error) {
      if (!isNervelineError(error, 'NL-LOG-009')) throw absence(error, topic);
      const { start, end } = await this.parts.lookup.range(place);
      const detail = `${topic}/${partition} holds offsets from ${start} up to ${end}, not ${from}`;
      throw new NervelineError('NL-LOG-009', { detail, cause: error });
    }
  }

  async waitForRecords(
    positions: readonly { readonly topic: string; readonly partition: number; readonly next_offset: Offset }[],
    signal: AbortSignal,
  ): Promise<boolean> {
    for (const { topic, partition } of positions) this.find(topic, partition);
    return this.parts.fetcher.wait(
      positions.map((position) => this.placeOf(position)),
      [signal, this.parts.cluster.closing],
    );
  }

  async partitionCount(topic: string): Promise<number> {
    return this.parts.topics.find(topic).partitions;
  }

  async tail(topic: string, partition: number): Promise<PartitionTail> {
    this.find(topic, partition);
    const { lookup, names, fetcher } = this.parts;
    const place = { topic: names.broker(topic), partition };
    try {
      const range = await lookup.range(place);
      const last = await lookup.last(place, topic, range);
      fetcher.noteEnd(place.topic, partition, range.end);
      return { next_offset: offset(range.end), start_offset: offset(range.start), last };
    } catch (error) {
      throw absence(error, topic);
    }
  }

  async offsetAt(topic: string, partition: number, timestamp_ms: number): Promise<Offset> {
    const { retention } = this.find(topic, partition);
    const { lookup, names } = this.parts;
    const place = { topic: names.broker(topic), label: topic, partition };
    try {
      const { start, end } = await lookup.range(place);
      // Where the broker stamps, its index is of append times, and says nothing of event times: all of it is looked at.
      const from = retention.kind === 'compacted' ? await lookup.byTime(place, timestamp_ms) : start;
      if (from === undefined) return offset(end);
      return offset(await lookup.firstAt(place, { from, until: end }, timestamp_ms));
    } catch (error) {
      throw absence(error, topic);
    }
  }

  async positions(group: string): Promise<readonly InputPosition[]> {
    this.checkOpen();
    return this.parts.groups.positions(group);
  }

  async groups(): Promise<readonly string[]> {
    this.checkOpen();
    return this.parts.groups.committed();
  }

  async truncateBefore(topic: string, partition: number, before: Offset): Promise<void> {
    this.checkOpen();
    this.parts.topics.findOwn(topic, this.parts.service);
    this.find(topic, partition);
    await this.writing().truncate(topic, partition, before);
  }

  async describe(): Promise<readonly TopicDescription[]> {
    this.checkOpen();
    const { topics, groups, lookup, names } = this.parts;
    const there = await groups.existing(topics.all());
    return Promise.all(
      there.map(async ({ name, owner, partitions }) => ({
        topic: name,
        owner,
        partitions: await Promise.all(
          Array.from({ length: partitions }, async (_, partition) => {
            const { start, end } = await lookup.range({ topic: names.broker(name), partition });
            return { next_offset: offset(end), start_offset: offset(start) };
          }),
        ),
      })),
    );
  }

  async join(options: JoinOptions): Promise<GroupMember> {
    this.checkOpen();
    return this.writing().join(options);
  }

  async ownerOf(topic: string, key: string): Promise<Owner> {
    this.checkOpen();
    return this.parts.groups.ownerOf(this.parts.topics.find(topic), key);
  }

  close(): Promise<void> {
    this.#closing ??= this.end();
    return this.#closing;
  }

  private async end(): Promise<void> {
    await this.parts.writing?.close();
    this.parts.cluster.close();
    this.parts.fetcher.close();
  }

  private writing(): Writing {
    const { writing, service } = this.parts;
    if (writing !== undefined) return writing;
    throw new NervelineError('NL-LOG-002', { detail: `${service} owns no topic: it reads only` });
  }

  private find(topic: string, partition: number): LogTopic {
    this.checkOpen();
    return this.parts.topics.findPartition(topic, partition);
  }

  private checkOpen(): void {
    if (this.#closing !== undefined) throw new NervelineError('NL-LOG-015', { detail: 'the log was closed' });
  }

  private placeOf({
    topic,
    partition,
    next_offset,
  }: {
    readonly topic: string;
    readonly partition: number;
    readonly next_offset: Offset;
  }): ReadPlace {
    return { topic: this.parts.names.broker(topic), label: topic, partition, from: next_offset };
  }
}

/** A topic that isn't there yet: its owner makes it. */
function absence(error: unknown, topic: string): unknown {
  if (!hasCode(error, kafkaErrors.UNKNOWN_TOPIC_OR_PARTITION)) return error;
  return new NervelineError('NL-LOG-008', { detail: `topic ${topic} does not exist yet`, cause: error });
}
