import { NervelineError } from '@nerveline/kernel';
import type { EnvironmentFile } from './environment-file';
import { behindPrefix, textPrefix } from './keys';
import type { LogTopic } from './log-topic';
import { decodePartitionEntry } from './partition-entry';
import type { Write } from './staging';

/* In the store `meta`: `partitions 0 TOPIC` holds how many partitions the topic's keys are spread over. */
const PREFIX = textPrefix('partitions');
const countKey = (topic: string): Buffer => Buffer.concat([PREFIX, Buffer.from(topic)]);

/**
 * What is to be noted about the own topics, of which each keeps the number of partitions that it was first written with:
 * with another number a key's next record would go to another partition than its last one, and whoever reads both could
 * handle the new one first. A topic that never had a record may still change.
 *
 * @throws NervelineError `NL-LOG-022`
 */
export function partitionCountsToNote(file: EnvironmentFile, topics: readonly LogTopic[]): Write[] {
  return topics.flatMap(({ name, partitions }) => {
    const written = writtenPartitions(file, name);
    const known = file.meta.get(countKey(name))?.readUInt32BE(0) ?? Math.max(partitions, written);
    if (written > 0 && known !== partitions) {
      throw new NervelineError('NL-LOG-022', {
        detail:
          `${name} has ${known} partitions, the catalogue says ${partitions}: keys would lie elsewhere, and the ` +
          'records of a key could be handled out of order',
      });
    }
    const noted = file.meta.get(countKey(name))?.readUInt32BE(0) === partitions;
    return noted ? [] : [{ store: 'meta' as const, key: countKey(name), value: encode(partitions), version: 0 }];
  });
}

/** Up to the last partition that ever had a record. */
function writtenPartitions(file: EnvironmentFile, topic: string): number {
  const start = textPrefix(topic);
  let count = 0;
  for (const { key, value } of file.partitions.getRange({ start, end: behindPrefix(start) })) {
    if (decodePartitionEntry(value).next_offset > 0) count = key.readUInt32BE(key.length - 4) + 1;
  }
  return count;
}

function encode(count: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(count, 0);
  return bytes;
}
