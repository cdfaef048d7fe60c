import { NervelineError, offset, type RecordPosition, type StateWrite } from '@nerveline/kernel';
import { deferred, type Deferred } from '../../../consumer/deferred';
import type { CommittedOffset, TopicPartition, WireRecord } from '../wire/broker-connection';
import type { PlacedRecord } from './placed-record';
import { groupRecords, type TransactionProducer } from './transaction';

interface ChangelogWrite {
  readonly partition: number;
  readonly write: StateWrite;
  readonly record: WireRecord;
  readonly size_bytes: number;
}

/** A commit that was found good and waits for its transaction. */
export interface PreparedCommit {
  readonly appends: readonly PlacedRecord[];
  /** What it writes into keyed state, and the records of the changelog for it. */
  readonly changelog: readonly ChangelogWrite[];
  readonly offsets: readonly (CommittedOffset & { readonly group: string })[];
}

/** What a transaction has brought about in one partition of the changelog, and where that goes on behind it. */
export interface AppliedState {
  readonly partition: number;
  readonly writes: readonly StateWrite[];
  readonly next_offset: number;
}

export interface CommitTarget {
  /** The broker's name of a topic. */
  nameOf(topic: string): string;
  readonly changelog_topic: string;
  /** Resolves when reads see it. */
  apply(states: readonly AppliedState[]): Promise<void>;
}

interface Waiting {
  readonly commit: PreparedCommit;
  readonly size_bytes: number;
  readonly done: Deferred<readonly RecordPosition[]>;
}

/** What one transaction takes; one commit always fits. */
const MAX_TRANSACTION_BYTES = 8 * 1024 * 1024;

/** Commits of one owner, one transaction after another; those that come while one is under way share the next. */
export class CommitQueue {
  readonly #waiting: Waiting[] = [];
  #pending_bytes = 0;
  #running: Promise<void> | undefined;

  constructor(
    private readonly producer: TransactionProducer,
    private readonly target: CommitTarget,
    private readonly max_pending_bytes: number,
  ) {}

  /** @throws NervelineError `NL-LOG-003`, `NL-LOG-004`, `NL-LOG-013` */
  async submit(commit: PreparedCommit): Promise<readonly RecordPosition[]> {
    const size_bytes = [...commit.appends, ...commit.changelog].reduce((sum, each) => sum + each.size_bytes, 0);
    if (this.#pending_bytes > 0 && this.#pending_bytes + size_bytes > this.max_pending_bytes) {
      const detail = `${this.#pending_bytes} bytes wait to be committed, max_pending_bytes is ${this.max_pending_bytes}`;
      throw new NervelineError('NL-LOG-013', { detail });
    }
    const done = deferred<readonly RecordPosition[]>();
    this.#waiting.push({ commit, size_bytes, done });
    this.#pending_bytes += size_bytes;
    this.#running ??= this.run();
    return done.promise;
  }

  /** Resolves when nothing is waiting any more. */
  async flush(): Promise<void> {
    await this.#running;
  }

  private async run(): Promise<void> {
    // What is committed in the same turn goes together.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) {
      const batch = this.take();
      try {
        const positions = await this.commitAll(batch);
        for (const [i, { done }] of batch.entries()) done.resolve(positions[i] ?? []);
      } catch (error) {
        for (const { done } of batch) done.reject(error);
      } finally {
        for (const { size_bytes } of batch) this.#pending_bytes -= size_bytes;
      }
    }
    this.#running = undefined;
  }

  private take(): Waiting[] {
    let size_bytes = 0;
    let count = 0;
    for (const waiting of this.#waiting) {
      if (count > 0 && size_bytes + waiting.size_bytes > MAX_TRANSACTION_BYTES) break;
      size_bytes += waiting.size_bytes;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }

  private async commitAll(batch: readonly Waiting[]): Promise<RecordPosition[][]> {
    const { nameOf, changelog_topic } = this.target;
    const commits = batch.map(({ commit }) => commit);
    const changelog = commits.flatMap((commit) =>
      commit.changelog.map((entry) => ({ topic: changelog_topic, ...entry })),
    );
    const appends = commits.flatMap((commit) =>
      commit.appends.map((append) => ({ ...append, topic: nameOf(append.topic) })),
    );
    const records = groupRecords([...appends, ...changelog]);
    const offsets = await this.producer.commit({ records, offsets: lastOffsets(commits) });
    const next = new Map(records.map((group, i) => [placeOf(group), (offsets[i] ?? []).values()]));
    const positions = commits.map((commit) =>
      commit.appends.map(({ topic, partition }) => ({
        topic,
        partition,
        offset: offset(next.get(placeOf({ topic: nameOf(topic), partition }))?.next().value ?? 0),
      })),
    );
    const ends = new Map(
      records.flatMap(({ topic, partition }, i) =>
        topic === changelog_topic ? [[partition, (offsets[i]?.at(-1) ?? -1) + 1] as const] : [],
      ),
    );
    const changes = commits.flatMap((commit) => commit.changelog);
    const states = [...ends].map(([partition, next_offset]) => ({
      partition,
      next_offset,
      writes: changes.filter((change) => change.partition === partition).map(({ write }) => write),
    }));
    if (states.length > 0) await this.target.apply(states);
    return positions;
  }
}

const placeOf = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`;

/** The last position of each partition counts, for each group. */
function lastOffsets(commits: readonly PreparedCommit[]): Map<string, readonly CommittedOffset[]> {
  const groups = new Map<string, Map<string, CommittedOffset>>();
  for (const { offsets } of commits) {
    for (const { group, ...committed } of offsets) {
      const of_group = groups.get(group) ?? new Map<string, CommittedOffset>();
      of_group.set(placeOf(committed), committed);
      groups.set(group, of_group);
    }
  }
  return new Map([...groups].map(([group, offsets]) => [group, [...offsets.values()]]));
}
