import { relayTopics, type SourceTable } from '@nerveline/contracts';
import {
  formatSourcePosition,
  NervelineError,
  parseSourcePosition,
  sameEpoch,
  type Lsn,
  type SourceEpoch,
} from '@nerveline/kernel';
import type { ChangeSink } from '../change-sink';
import { ResumePoint, type PlaceInPartition } from './resume-point';

/**
 * Reads the tails of all partitions that the relay writes.
 *
 * @throws NervelineError `NL-CDC-009` when one was written from another epoch of the source: its positions and ours have
 *   no order, so nobody can say what is there already
 */
export async function readResumePoint(
  sink: ChangeSink,
  tables: readonly SourceTable[],
  at: { epoch: SourceEpoch; floor_lsn: Lsn },
): Promise<ResumePoint> {
  const tails: PlaceInPartition[] = [];
  for (const topic of [relayTopics.transactions, relayTopics.schemas, ...tables.map(({ topic }) => topic)]) {
    for (let partition = 0; partition < topic.partitions; partition++) {
      const header = await sink.lastPosition(topic.name, partition);
      if (header === undefined) continue;
      const position = parseSourcePosition(header);
      requireEpoch(position.epoch, at.epoch, `${topic.name}/${partition} ends at ${formatSourcePosition(position)}`);
      tails.push({ topic: topic.name, partition, commit_lsn: position.commit_lsn, index: position.index });
    }
  }
  return new ResumePoint(at.floor_lsn, tails);
}

/** @throws NervelineError `NL-CDC-009`; the policy is to stop, never to skip what can't be compared */
export function requireEpoch(written: SourceEpoch, now: SourceEpoch, where: string): void {
  if (sameEpoch(written, now)) return;
  const name = ({ system_id, timeline }: SourceEpoch) => `system ${system_id}, timeline ${timeline}`;
  throw new NervelineError('NL-CDC-009', { detail: `${where}, of ${name(written)}; the source is ${name(now)}` });
}
