import { recordHeaders } from '@nerveline/contracts';
import { isNervelineError } from '@nerveline/kernel';
import type { HeldNews } from './options';

/** What a service's log line says of a record that is held: where it stands, where it came from, and why. */
export interface HeldFacts {
  readonly err: unknown;
  /** Of the catalogue, or `unknown`. */
  readonly code: string;
  readonly fate: HeldNews['fate'];
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly source_position: string | undefined;
}

/** The facts of a record that could not be handled; nothing of what is in it, which may be personal. */
export const heldFacts = ({ fate, record, error }: HeldNews): HeldFacts => ({
  err: error,
  code: isNervelineError(error) ? error.code : 'unknown',
  fate,
  topic: record.topic,
  partition: record.partition,
  offset: record.offset,
  source_position: record.headers[recordHeaders.source_position],
});
