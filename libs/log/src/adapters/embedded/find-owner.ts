import { NervelineError } from '@nerveline/kernel';
import { partitionFor } from '../../partitioner';
import type { Owner } from '../../ports/log';
import type { EnvironmentFile } from './environment-file';
import { GroupTable, readGroupNames, type MemberEntry } from './group-table';
import { asGeneration, readLease } from './lease';
import type { LogTopic } from './log-topic';
import { readWriters } from './writer-entries';

/**
 * Which process of the service that owns a topic has a key. Where several share the work, it is the member that owns the
 * key's partition number: in the group that reads this topic, or in one whose topics are partitioned the same way, since
 * what belongs together by key lies in one hand.
 *
 * @throws NervelineError `NL-LOG-008` while nobody owns it
 */
export function findOwner(file: EnvironmentFile, topic: LogTopic, key: string): Owner {
  const lease = readLease(file);
  if (lease?.held === true && lease.shared !== true) {
    return { address: lease.address, generation: asGeneration(lease.generation) };
  }
  const partition = partitionFor(key, topic.partitions);
  const tables = lease?.held === true ? readGroupNames(file).map((group) => GroupTable.read(file, group)) : [];
  const present = new Set(readWriters(file).map(({ id }) => id));
  const ranked = tables.sort((a, b) => Number(readsIt(b, topic)) - Number(readsIt(a, topic)));
  for (const table of ranked) {
    if (!readsIt(table, topic) && table.partitions !== topic.partitions) continue;
    const owner = table.ownerOf(partition);
    const generation = table.leases.get(partition)?.generation;
    if (owner !== undefined && generation !== undefined && present.has(owner.writer)) {
      return { address: owner.address, generation };
    }
  }
  throw new NervelineError('NL-LOG-008', { detail: `nobody owns key ${key} of ${topic.name}: see ${topic.owner}` });
}

const readsIt = (table: GroupTable, topic: LogTopic): boolean =>
  [...table.members.values()].some(({ topics }: MemberEntry) => topics.includes(topic.name));
