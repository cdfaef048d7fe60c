import type { StateWrite } from '@nerveline/kernel';
import type { Fetcher } from '../fetch/fetcher';
import { TOMBSTONES_MS, type KafkaNames } from '../topic-names';
import { decodeChange } from './changelog-codec';
import type { StateCopy } from './state-copy';

/** Half of what the broker keeps tombstones for: a copy that is older may have missed that a key was removed. */
const MAX_COPY_AGE_MS = TOMBSTONES_MS / 2;
const READ = { max_bytes: 4 * 1024 * 1024, max_records: 50_000 };

export interface Restoring {
  readonly copy: StateCopy;
  readonly fetcher: Pick<Fetcher, 'read' | 'noteEnd'>;
  readonly names: KafkaNames;
  /** The first offset of a partition of the changelog, and the end of what is decided. */
  range(partition: number): Promise<{ readonly start: number; readonly end: number }>;
  /** Told how much was read, and how long that took. */
  onRestored(restored: Restored): void;
}

export interface Restored {
  readonly group: string;
  readonly partition: number;
  readonly records: number;
  readonly duration_ms: number;
}

/** The part of the state that is committed without ownership has no group. */
export const partName = (group: string, partition: number): string => `${group}/${partition}`;

/** Brings the local copy of one part up to the end of the changelog; then reads see it. */
export async function restorePart(restoring: Restoring, group: string, partition: number): Promise<void> {
  const { copy, fetcher, names } = restoring;
  const begun_ms = performance.now();
  const part = partName(group, partition);
  const { start, end } = await restoring.range(partition);
  const known = copy.positionOf(part);
  const too_old = known !== undefined && Date.now() - known.saved_ms > MAX_COPY_AGE_MS;
  // Beyond the end: somebody made the topic anew.
  const useless = known === undefined || too_old || known.next_offset > end || known.next_offset < start;
  if (useless && known !== undefined) await copy.clear(part);
  let from = useless ? start : known.next_offset;
  let records = 0;
  const topic = names.changelog;
  // Who read it before may believe that it ends sooner, and would say so without waiting for the brokers' answer.
  fetcher.noteEnd(topic, partition, end);
  while (from < end) {
    const batch = await fetcher.read({ topic, label: topic, partition, from }, READ);
    const writes = batch.records.map(decodeChange).filter((change) => change.group === group);
    records += batch.records.length;
    from = batch.next_offset;
    await copy.write(part, lastOfEach(writes), from);
  }
  copy.show(part, true);
  restoring.onRestored({ group, partition, records, duration_ms: performance.now() - begun_ms });
}

/** Of several writes of one key the last one counts. */
function lastOfEach(writes: readonly StateWrite[]): StateWrite[] {
  return [...new Map(writes.map((write) => [`${write.store}\0${write.key}`, write])).values()];
}
