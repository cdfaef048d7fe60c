import { NervelineError } from './errors/nerveline-error';
import { formatLsn, parseLsn, type Lsn } from './lsn';

/** One life of a source: a restored, promoted or re-made database begins another one, whose LSNs aren't comparable. */
export interface SourceEpoch {
  /** `system_identifier` of IDENTIFY_SYSTEM, decimal digits. */
  readonly system_id: string;
  readonly timeline: number;
}

/** Where a streamed change stands in its source: strictly increasing within an epoch. */
export interface SourcePosition {
  readonly epoch: SourceEpoch;
  readonly commit_lsn: Lsn;
  /** Index of the change in its transaction, from 0. */
  readonly index: number;
}

/** Do two positions belong to one life of the source? Only then can they be compared. */
export function sameEpoch(a: SourceEpoch, b: SourceEpoch): boolean {
  return a.system_id === b.system_id && a.timeline === b.timeline;
}

/**
 * Orders two positions of one epoch: negative when `a` comes first.
 *
 * @throws NervelineError `NL-KRN-003` when the epochs differ: such positions have no order
 */
export function compareSourcePositions(a: SourcePosition, b: SourcePosition): number {
  if (!sameEpoch(a.epoch, b.epoch)) {
    throw new NervelineError('NL-KRN-003', {
      detail: `${formatSourcePosition(a)} and ${formatSourcePosition(b)} are of different epochs`,
    });
  }
  if (a.commit_lsn !== b.commit_lsn) return a.commit_lsn < b.commit_lsn ? -1 : 1;
  return a.index - b.index;
}

/** `SYSTEM:TIMELINE:LSN:INDEX`, as it stands in the record header `source_position`. */
export function formatSourcePosition(position: SourcePosition): string {
  const { epoch, commit_lsn, index } = position;
  return `${epoch.system_id}:${epoch.timeline}:${formatLsn(commit_lsn)}:${index}`;
}

/** @throws NervelineError `NL-KRN-003` */
export function parseSourcePosition(text: string): SourcePosition {
  const match = /^(\d{1,20}):(\d{1,10}):([0-9A-Fa-f]+\/[0-9A-Fa-f]+):(\d{1,15})$/.exec(text);
  if (match === null) throw new NervelineError('NL-KRN-003', { detail: `'${text}' is not a source position` });
  const [, system_id = '', timeline = '', commit_lsn = '', index = ''] = match;
  return { epoch: { system_id, timeline: Number(timeline) }, commit_lsn: parseLsn(commit_lsn), index: Number(index) };
}
