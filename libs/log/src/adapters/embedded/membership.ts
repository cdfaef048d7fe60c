import { randomUUID } from 'node:crypto';
import type { Generation, Ownership } from '@nerveline/kernel';
import { deferred } from '../../consumer/deferred';
import type { GroupMember, JoinOptions } from '../../ports/group';
import type { EnvironmentWriter } from './environment-writer';
import { GroupTable, readEpoch, type MemberEntry } from './group-table';
import { OwnedPartitions } from './owned-partitions';
import type { SharedEnvironment } from './shared-environment';
import type { Staging } from './staging';
import { readWriters, type WriterEntry } from './writer-entries';

const DEFAULT_SESSION_MS = 1_500;
/** A write that takes longer may wait for a lock that a stopped process holds. */
const HELD_UP_MS = 500;

export interface MembershipParts {
  readonly environment: SharedEnvironment;
  readonly writer: EnvironmentWriter;
  /** How many partition numbers the group's topics have. */
  readonly partitions: number;
  /** How long an owner may take to give a partition up before it goes without its word. */
  readonly drain_ms: number;
}

/**
 * A member of a group whose table lies in the environment. There is no leader: each member looks at the table and takes
 * the step that is its own, in a transaction. Whoever sees that another died gives its partitions to those who should
 * have them; who has one that should be another's gives it up when it is ready.
 */
export class Membership implements GroupMember {
  readonly done: Promise<void>;
  readonly #done = deferred<void>();
  readonly #id = randomUUID();
  readonly #owned: OwnedPartitions;
  /** Since when a partition is with an owner that should give it up, by this process's monotonic clock. */
  readonly #wanted_since = new Map<number, { readonly generation: Generation; readonly at_ms: number }>();
  #unsubscribe: (() => void)[] = [];
  #review: Promise<void> | undefined;
  #again = false;
  #epoch = 0;
  #ended = false;

  private constructor(
    private readonly parts: MembershipParts,
    private readonly options: JoinOptions,
  ) {
    this.done = this.#done.promise;
    this.#owned = new OwnedPartitions(
      options,
      (error) => void this.fail(error),
      () => void this.review(),
    );
  }

  /** Resolves when it is a member and has taken up what it was given at once. */
  static async join(parts: MembershipParts, options: JoinOptions): Promise<Membership> {
    const member = new Membership(parts, options);
    parts.writer.members.set(member.#id, member);
    member.#unsubscribe = [
      parts.environment.subscribe(() => member.notice()),
      parts.writer.presence.subscribe(() => void member.review()),
    ];
    await member.review();
    await member.#owned.settled();
    if (member.#ended) await member.done;
    return member;
  }

  get ownerships(): ReadonlyMap<number, Ownership> {
    return this.#owned.ownerships;
  }

  async leave(): Promise<void> {
    if (this.#ended) return this.done;
    this.stop();
    await this.#review;
    await this.#owned.settled();
    this.#owned.giveUp(
      () => true,
      () => this.change((staging) => this.remove(staging)),
    );
    await this.#owned.settled();
    // Also when there was nothing to give up. A second removal changes nothing.
    await this.change((staging) => this.remove(staging));
    this.parts.writer.members.delete(this.#id);
    this.#owned.ownerships.clear();
    this.#done.resolve();
  }

  /** After a commit of anybody: most of them have nothing to do with the group. */
  private notice(): void {
    const { environment } = this.parts;
    if (environment.read((file) => readEpoch(file, this.options.group)) !== this.#epoch) void this.review();
  }

  private stop(): void {
    this.#ended = true;
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
  }

  private async fail(error: unknown): Promise<void> {
    if (this.#ended) return;
    this.stop();
    this.parts.writer.members.delete(this.#id);
    this.#owned.loseAll();
    try {
      await this.change((staging) => this.remove(staging));
    } catch {
      // Its partitions are not free at once, then: the others notice that it is gone.
    }
    this.#done.reject(error);
  }

  /** One look after another; what happens meanwhile is seen by the next. Never rejects. */
  private review(): Promise<void> {
    if (this.#ended) return Promise.resolve();
    this.#again = true;
    this.#review ??= this.lookUntilQuiet().finally(() => (this.#review = undefined));
    return this.#review;
  }

  private async lookUntilQuiet(): Promise<void> {
    try {
      while (this.#again && !this.#ended) {
        this.#again = false;
        await this.look();
      }
    } catch (error) {
      await this.fail(error);
    }
  }

  private async look(): Promise<void> {
    const { table, writers } = this.parts.environment.read((file) => ({
      table: GroupTable.read(file, this.options.group),
      writers: readWriters(file),
    }));
    this.#epoch = table.epoch;
    this.#owned.noticeLosses(table);
    const dead = [...table.members.values()].filter((member) => !this.lives(member, writers));
    const overdue = this.overdueOf(table);
    const unowned = table.targets().some((_, partition) => table.ownerOf(partition) === undefined);
    if (dead.length > 0 || overdue.size > 0 || unowned || !table.members.has(this.#id)) {
      const blamed = writers.filter(({ id }) => dead.some(({ writer }) => writer === id));
      const held_up = setTimeout(() => this.parts.writer.presence.endStopped(blamed), HELD_UP_MS);
      const settle = (staging: Staging): void => this.settle(staging, dead, overdue);
      await this.change(settle).finally(() => clearTimeout(held_up));
      this.#again = true;
      return;
    }
    this.#owned.takeUp(table.ownershipsOf(this.#id));
    const targets = table.targets();
    this.#owned.giveUp(
      (partition) => targets[partition] !== this.#id,
      (ownerships) => this.change((staging) => this.handOver(staging, ownerships)),
    );
  }

  private lives(member: MemberEntry, writers: readonly WriterEntry[]): boolean {
    const { presence, members } = this.parts.writer;
    if (member.writer === presence.id) return members.has(member.id);
    const writer = writers.find(({ id }) => id === member.writer);
    return presence.isAlive(writer, member.session_ms);
  }

  /** What others should have given up long ago, and under which generation they have it. */
  private overdueOf(table: GroupTable): Map<number, Generation> {
    const overdue = new Map<number, Generation>();
    const now_ms = performance.now();
    table.targets().forEach((target, partition) => {
      const lease = table.leases.get(partition);
      if (lease === undefined || lease.member === target || lease.member === this.#id) {
        this.#wanted_since.delete(partition);
        return;
      }
      const since = this.#wanted_since.get(partition);
      if (since?.generation !== lease.generation) {
        this.#wanted_since.set(partition, { generation: lease.generation, at_ms: now_ms });
      } else if (now_ms - since.at_ms > this.parts.drain_ms) {
        overdue.set(partition, lease.generation);
      }
    });
    return overdue;
  }

  private settle(staging: Staging, dead: readonly MemberEntry[], overdue: ReadonlyMap<number, Generation>): void {
    const table = staging.group(this.options.group);
    for (const { id } of dead) table.remove(id);
    if (!table.members.has(this.#id)) table.enter(this.entry());
    const targets = table.targets();
    targets.forEach((target, partition) => {
      const late = overdue.has(partition) && overdue.get(partition) === table.leases.get(partition)?.generation;
      if (late || table.ownerOf(partition) === undefined) table.give(partition, target);
    });
  }

  private handOver(staging: Staging, ownerships: readonly Ownership[]): void {
    const table = staging.group(this.options.group);
    const targets = table.targets();
    for (const ownership of ownerships) {
      if (table.isHeldUnder(ownership)) table.give(ownership.partition, targets[ownership.partition]);
    }
  }

  private remove(staging: Staging): void {
    const table = staging.group(this.options.group);
    const left = table.ownershipsOf(this.#id);
    table.remove(this.#id);
    const targets = table.targets();
    for (const { partition } of left) table.give(partition, targets[partition]);
  }

  private entry(): Omit<MemberEntry, 'joined'> {
    const { topics, address, session_ms = DEFAULT_SESSION_MS } = this.options;
    const { writer, partitions } = this.parts;
    const place = { id: this.#id, writer: writer.presence.id, address: address ?? writer.address };
    return { ...place, session_ms, topics: [...topics], partitions };
  }

  private async change(stage: (staging: Staging) => void): Promise<void> {
    await this.parts.writer.submit({ size_bytes: 0, stage });
  }
}
