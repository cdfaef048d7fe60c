import { setMaxListeners } from 'node:events';
import {
  NervelineError,
  type Commit,
  type InputPosition,
  type Offset,
  type OutRecord,
  type RecordPosition,
} from '@nerveline/kernel';
import type { Log, Owner, PartitionTail, ReadBatch, ReadRequest, StateReader, TopicDescription } from '../../ports/log';
import type { GroupMember, JoinOptions } from '../../ports/group';
import { findOffsetAt, readRange, readRecords, readTail } from './batch-reader';
import type { EnvironmentWriter } from './environment-writer';
import { readGroups, readInputPositions } from './input-position';
import { findOwner } from './find-owner';
import type { LogTopics } from './log-topic';
import { Membership } from './membership';
import type { Use } from './own-environment';
import type { WaitingPosition } from './record-watch';
import { checkGroup, type CommitPreparer } from './prepare-commit';
import type { SharedEnvironment } from './shared-environment';
import { StateView } from './state-view';
import { truncate } from './truncation';
import { waitFor } from './wait-for';

/** What an open log is made of. */
export interface EmbeddedParts {
  readonly service: string;
  readonly topics: LogTopics;
  readonly preparer: CommitPreparer;
  /** Undefined for a reader that owns no topic. */
  readonly writing: Use | undefined;
  /** How long a member may take to give a partition up. */
  readonly drain_ms: number;
  /** The environment of a service, own or not. */
  environmentOf(service: string): SharedEnvironment;
  /** Releases every environment. */
  release(): Promise<void>;
}

/** The log on LMDB environments in a directory of this machine; {@link openLog} makes it. */
export class EmbeddedLog implements Log {
  readonly state: StateReader;
  readonly #closing = new AbortController();
  readonly #members = new Set<GroupMember>();
  #closed = false;

  constructor(private readonly parts: EmbeddedParts) {
    // As many may wait as like to.
    setMaxListeners(0, this.#closing.signal);
    this.state = new StateView(parts.environmentOf(parts.service));
  }

  append(records: readonly OutRecord[]): Promise<readonly RecordPosition[]> {
    return this.commit({ appends: records });
  }

  async commit(commit: Commit): Promise<readonly RecordPosition[]> {
    const work = this.parts.preparer.prepare(commit);
    return this.writer().submit(work);
  }

  async read(request: ReadRequest): Promise<ReadBatch> {
    const environment = this.environmentOf(request.topic, request.partition);
    return environment.read((file) => readRecords(file, request));
  }

  async waitForRecords(
    positions: readonly WaitingPosition[],
    signal: AbortSignal,
    onRecords?: (index: number) => void,
  ): Promise<boolean> {
    const placed = positions.map((position) => ({
      position,
      environment: this.environmentOf(position.topic, position.partition),
    }));
    return waitFor(placed, [signal, this.#closing.signal], onRecords);
  }

  async partitionCount(topic: string): Promise<number> {
    return this.parts.topics.find(topic).partitions;
  }

  async tail(topic: string, partition: number): Promise<PartitionTail> {
    return this.environmentOf(topic, partition).read((file) => readTail(file, topic, partition));
  }

  async offsetAt(topic: string, partition: number, timestamp_ms: number): Promise<Offset> {
    const environment = this.environmentOf(topic, partition);
    return environment.read((file) => findOffsetAt(file, { topic, partition }, timestamp_ms));
  }

  async positions(group: string): Promise<readonly InputPosition[]> {
    const environment = this.open(group.split('.', 1)[0] ?? '');
    return environment.exists ? environment.read((file) => readInputPositions(file, group)) : [];
  }

  async groups(): Promise<readonly string[]> {
    const services = new Set(this.parts.topics.all().map(({ owner }) => owner));
    const there = [...services].map((service) => this.open(service)).filter(({ exists }) => exists);
    return there.flatMap((environment) => environment.read(readGroups)).sort();
  }

  async truncateBefore(topic: string, partition: number, before: Offset): Promise<void> {
    this.parts.topics.findOwn(topic, this.parts.service);
    const environment = this.environmentOf(topic, partition);
    await truncate({ environment, writer: this.writer(), topic, partition }, before);
  }

  async describe(): Promise<readonly TopicDescription[]> {
    const topics = this.parts.topics.all().filter(({ owner }) => this.open(owner).exists);
    return topics.map(({ name, owner, partitions }) => ({
      topic: name,
      owner,
      partitions: this.open(owner).read((file) =>
        Array.from({ length: partitions }, (_, partition) => readRange(file, name, partition)),
      ),
    }));
  }

  async join(options: JoinOptions): Promise<GroupMember> {
    const { service, topics } = this.parts;
    checkGroup(options.group, service);
    const partitions = Math.max(0, ...options.topics.map((topic) => topics.find(topic).partitions));
    const { environmentOf, drain_ms } = this.parts;
    const parts = { environment: environmentOf(service), writer: this.writer(), partitions, drain_ms };
    const member = await Membership.join(parts, options);
    this.#members.add(member);
    return member;
  }

  async ownerOf(topic: string, key: string): Promise<Owner> {
    const found = this.parts.topics.find(topic);
    return this.open(found.owner).read((file) => findOwner(file, found, key));
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    // What a member still commits while it gives its partitions back is taken.
    for (const member of this.#members) await member.leave().catch(() => undefined);
    this.#closing.abort();
    await this.parts.writing?.close();
    await this.parts.release();
  }

  private writer(): EnvironmentWriter {
    const { writing, service } = this.parts;
    if (writing !== undefined) return writing.writer;
    throw new NervelineError('NL-LOG-002', { detail: `${service} owns no topic: it reads only` });
  }

  private environmentOf(topic: string, partition: number): SharedEnvironment {
    return this.open(this.parts.topics.findPartition(topic, partition).owner);
  }

  private open(service: string): SharedEnvironment {
    if (this.#closing.signal.aborted) throw new NervelineError('NL-LOG-015', { detail: 'the log was closed' });
    return this.parts.environmentOf(service);
  }
}
