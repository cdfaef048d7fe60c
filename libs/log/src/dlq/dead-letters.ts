import { heldRecordKey, type DeadLetter, type DeadLetterFilter, type HeldRecord } from '@nerveline/contracts';
import { offset } from '@nerveline/kernel';
import type { Log } from '../ports/log';
import { unlessAbsent } from '../processor/absent-topic';
import { readHeld } from './held-record-codec';

const bytesOf = (base64: string | null): Buffer | null => (base64 === null ? null : Buffer.from(base64, 'base64'));

/** What `list` tells of a dead letter. */
export function describeDeadLetter(held: HeldRecord): DeadLetter {
  const { group, topic, partition, attempts, held_ms, failure } = held;
  const key = bytesOf(held.key)?.toString() ?? null;
  const value_bytes = bytesOf(held.value)?.length ?? null;
  return {
    ...{ id: heldRecordKey(held), group, topic, partition, offset: held.offset },
    ...{ key, value_bytes, attempts, held_ms, failure },
  };
}

export function matches(held: HeldRecord, filter: DeadLetterFilter): boolean {
  const { ids, topic, group, key, code, since_ms = 0, until_ms = Infinity } = filter;
  return (
    (ids === undefined || ids.includes(heldRecordKey(held))) &&
    (topic === undefined || held.topic === topic) &&
    (group === undefined || held.group === group) &&
    (key === undefined || bytesOf(held.key)?.toString() === key) &&
    (code === undefined || held.failure?.code === code) &&
    held.held_ms >= since_ms &&
    held.held_ms <= until_ms
  );
}

/** What lies in one partition of a topic of held records, in the order in which the records stood in their topics. */
export async function readHeldPartition(
  log: Pick<Log, 'read' | 'tail'>,
  place: { readonly topic: string; readonly partition: number },
  filter: DeadLetterFilter,
): Promise<HeldRecord[]> {
  const tail = await unlessAbsent(log.tail(place.topic, place.partition));
  const held = new Map<string, HeldRecord>();
  for (let from = tail?.start_offset ?? offset(0); tail !== undefined && from < tail.next_offset;) {
    const batch = await log.read({ ...place, from });
    for (const record of batch.records) {
      const id = Buffer.from(record.key ?? []).toString();
      if (record.value === null) held.delete(id);
      else {
        const found = readHeld({ ...record, value: record.value });
        if (matches(found, filter)) held.set(id, found);
        else held.delete(id);
      }
    }
    from = batch.next_offset;
  }
  return [...held.values()].sort((a, b) => a.topic.localeCompare(b.topic) || a.offset - b.offset);
}

/** What lies in a topic of dead letters. */
export async function readDeadLetters(
  log: Pick<Log, 'read' | 'tail' | 'partitionCount'>,
  topic: string,
  filter: DeadLetterFilter = {},
): Promise<HeldRecord[]> {
  const all: HeldRecord[] = [];
  for (let partition = 0; partition < (await log.partitionCount(topic)); partition += 1) {
    all.push(...(await readHeldPartition(log, { topic, partition }, filter)));
  }
  return all;
}
