import { isNervelineError, offset } from '@nerveline/kernel';
import type { Log } from '@nerveline/log';

/** What {@link vanishedKeys} needs of the log. */
export type CompactedLog = Pick<Log, 'positions' | 'read' | 'tail' | 'partitionCount'>;

/**
 * The keys of a compacted topic that are gone without a word. Compaction takes the records of a deleted row, its delete
 * included, and a day later the tombstone: a reader that was away for longer finds nothing that would tell it. Of the keys
 * that it knows, these are the ones of which the topic has no record any more; they are to be handled like a tombstone.
 *
 * Ask before the group reads on. Where nothing was taken beyond its positions, that costs one look at what is new;
 * otherwise the topic is read once as a whole.
 *
 * @throws NervelineError `NL-LOG-001` unknown topic, `NL-LOG-009` when the group's position lies beyond the log
 */
export async function vanishedKeys(
  log: CompactedLog,
  { group, topic, known }: { readonly group: string; readonly topic: string; readonly known: Iterable<string> },
): Promise<string[]> {
  const unseen = new Set(known);
  try {
    if (unseen.size === 0 || (await isWholeBeyond(log, group, topic))) return [];
    await strikeOut(unseen, log, topic);
  } catch (error) {
    // The topic isn't there at all, which says nothing about its keys.
    if (isNervelineError(error, 'NL-LOG-008')) return [];
    throw error;
  }
  return [...unseen];
}

/** Strikes the keys out of which the topic has a record. */
async function strikeOut(unseen: Set<string>, log: CompactedLog, topic: string): Promise<void> {
  const text = new TextDecoder();
  const partitions = await log.partitionCount(topic);
  for (let partition = 0; partition < partitions; partition += 1) {
    const { start_offset } = await log.tail(topic, partition);
    // To the end as it is when it is reached: compaction that runs meanwhile takes no record without a later one of its key.
    for (let from = start_offset; ;) {
      const batch = await log.read({ topic, partition, from });
      for (const { key } of batch.records) if (key !== null) unseen.delete(text.decode(key));
      if (batch.next_offset >= batch.tail_offset) break;
      from = batch.next_offset;
    }
  }
}

/** Is every record there that the group has yet to read? */
async function isWholeBeyond(log: CompactedLog, group: string, topic: string): Promise<boolean> {
  for (const position of await log.positions(group)) {
    if (position.topic !== topic) continue;
    if (!(await isWholeFrom(log, position))) return false;
  }
  return true;
}

async function isWholeFrom(
  log: CompactedLog,
  place: { readonly topic: string; readonly partition: number; readonly next_offset: number },
): Promise<boolean> {
  const { topic, partition } = place;
  const { start_offset } = await log.tail(topic, partition);
  if (place.next_offset < start_offset) return false;
  for (let from = offset(place.next_offset); ;) {
    const batch = await log.read({ topic, partition, from });
    if (batch.records.some((record, i) => record.offset !== from + i)) return false;
    if (batch.next_offset !== from + batch.records.length) return false;
    if (batch.next_offset >= batch.tail_offset) return true;
    from = batch.next_offset;
  }
}
