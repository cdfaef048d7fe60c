import { NervelineError, type Generation, type Ownership } from '@nerveline/kernel';
import { z } from 'zod';
import { assignPartitions } from './assign-partitions';
import type { EnvironmentFile } from './environment-file';
import { behindPrefix, partitionKey, textPrefix } from './keys';
import { asGeneration } from './lease';
import type { Write } from './staging';

/** A member of a group, in the environment of the group's service. */
const memberSchema = z.object({
  id: z.string(),
  /** The process, by its id among the writers; empty for the sole writer of an environment. */
  writer: z.string(),
  address: z.string(),
  session_ms: z.number(),
  topics: z.array(z.string()),
  /** How many partition numbers its topics have. */
  partitions: z.int(),
  /** Counts the changes of the group: the eldest comes first. */
  joined: z.int(),
});
export type MemberEntry = z.infer<typeof memberSchema>;

/** Whose a partition number is. */
export interface PartitionLease {
  readonly generation: Generation;
  readonly member: string | undefined;
}

/*
 * In the store `meta`: `group 0 NAME` has the count of changes as its LMDB version, `member 0 NAME 0 ID` is a member,
 * `owner 0 NAME 0 partition` is a lease: its version is the generation, its value the member's id, a blank for nobody.
 */
const GROUP_PREFIX = textPrefix('group');
const NOBODY = ' ';

const groupKey = (group: string): Buffer => Buffer.concat([GROUP_PREFIX, Buffer.from(group)]);
const memberPrefix = (group: string): Buffer => Buffer.concat([textPrefix('member'), textPrefix(group)]);
const memberKey = (group: string, id: string): Buffer => Buffer.concat([memberPrefix(group), Buffer.from(id)]);
const ownerKey = (group: string, partition: number): Buffer =>
  Buffer.concat([textPrefix('owner'), partitionKey(group, partition)]);

/** Grows with each change of the group: who knows it needn't look further. */
export function readEpoch(file: EnvironmentFile, group: string): number {
  return file.meta.getEntry(groupKey(group))?.version ?? 0;
}

export function readGroupNames(file: EnvironmentFile): string[] {
  const keys = file.meta.getKeys({ start: GROUP_PREFIX, end: behindPrefix(GROUP_PREFIX) });
  return [...keys].map((key) => key.toString('utf8', GROUP_PREFIX.length));
}

/** What an ownership is checked against; one look, since each commit under an ownership pays for it. */
export function readLeaseGeneration(file: EnvironmentFile, group: string, partition: number): number {
  return file.meta.getEntry(ownerKey(group, partition))?.version ?? 0;
}

/** A group as it is, and what a transaction changes about it. */
export class GroupTable {
  readonly members = new Map<string, MemberEntry>();
  readonly leases = new Map<number, PartitionLease>();
  readonly #writes: Write[] = [];

  private constructor(
    readonly group: string,
    readonly epoch: number,
  ) {}

  static read(file: EnvironmentFile, group: string): GroupTable {
    const table = new GroupTable(group, readEpoch(file, group));
    const start = memberPrefix(group);
    const entries = [...file.meta.getRange({ start, end: behindPrefix(start) })];
    const members = entries.map(({ value }) => memberSchema.parse(JSON.parse(value.toString('utf8'))));
    for (const member of members.sort((a, b) => a.joined - b.joined)) table.members.set(member.id, member);
    const first = Buffer.concat([textPrefix('owner'), textPrefix(group)]);
    for (const { key, value, version } of file.meta.getRange({
      start: first,
      end: behindPrefix(first),
      versions: true,
    })) {
      const member = value.toString('utf8');
      table.leases.set(key.readUInt32BE(key.length - 4), {
        generation: asGeneration(version ?? 0),
        member: member === NOBODY ? undefined : member,
      });
    }
    return table;
  }

  get partitions(): number {
    return Math.max(0, ...[...this.members.values()].map(({ partitions }) => partitions));
  }

  /** Whose each partition number should be. Everybody computes the same. */
  targets(): readonly string[] {
    const owners = Array.from({ length: this.partitions }, (_, partition) => this.leases.get(partition)?.member);
    return assignPartitions([...this.members.keys()], owners);
  }

  /** Undefined also when its owner is no member any more. */
  ownerOf(partition: number): MemberEntry | undefined {
    return this.members.get(this.leases.get(partition)?.member ?? '');
  }

  ownershipsOf(member: string): Ownership[] {
    const { group } = this;
    return [...this.leases]
      .filter(([, lease]) => lease.member === member)
      .map(([partition, { generation }]) => ({ group, partition, generation }));
  }

  isHeldUnder({ partition, generation }: Ownership): boolean {
    return this.leases.get(partition)?.generation === generation;
  }

  enter(member: Omit<MemberEntry, 'joined'>): void {
    const entry: MemberEntry = { ...member, joined: this.epoch + this.#writes.length + 1 };
    this.members.set(entry.id, entry);
    const value = Buffer.from(JSON.stringify(entry));
    this.#writes.push({ store: 'meta', key: memberKey(this.group, entry.id), value, version: 0 });
  }

  remove(id: string): void {
    if (!this.members.delete(id)) return;
    this.#writes.push({ store: 'meta', key: memberKey(this.group, id), value: null });
  }

  /** To a new owner, under a new generation: what the last one still commits is refused from here on. */
  give(partition: number, member: string | undefined): void {
    const generation = asGeneration((this.leases.get(partition)?.generation ?? 0) + 1);
    this.leases.set(partition, { generation, member });
    const key = ownerKey(this.group, partition);
    this.#writes.push({ store: 'meta', key, value: Buffer.from(member ?? NOBODY), version: generation });
  }

  /** What makes the changes durable; nothing when there were none. */
  finish(): readonly Write[] {
    if (this.#writes.length === 0) return [];
    const version = this.epoch + this.#writes.length;
    return [...this.#writes, { store: 'meta', key: groupKey(this.group), value: Buffer.from([1]), version }];
  }
}

export function fencedOwnership({ group, partition, generation }: Ownership): NervelineError {
  const detail = `partition ${partition} of group ${group} is no longer owned under generation ${generation}`;
  return new NervelineError('NL-LOG-004', { detail });
}
