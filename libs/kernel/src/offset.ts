import type { Brand } from './brand';
import { NervelineError } from './errors/nerveline-error';

/** The place of a record in its partition, from 0. Below 2^53: at 1,000,000 records/s that lasts 285 years. */
export type Offset = Brand<number, 'Offset'>;

/** @throws NervelineError `NL-KRN-004` for anything but an integer from 0 to 2^53 - 1 */
export function offset(value: number): Offset {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new NervelineError('NL-KRN-004', { detail: `${value} is not an offset` });
  }
  return value as Offset;
}

/** One record's address in the log. */
export interface RecordPosition {
  readonly topic: string;
  readonly partition: number;
  readonly offset: Offset;
}
