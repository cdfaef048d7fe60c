import { NervelineError } from './errors/nerveline-error';

/**
 * States what must hold whatever the input was. A failure is a bug of ours, never of the caller's.
 *
 * @throws NervelineError `NL-KRN-001`
 */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new NervelineError('NL-KRN-001', { detail: message });
}

/**
 * Closes an exhaustive `switch`: the compiler refuses a case that was forgotten.
 *
 * @throws NervelineError `NL-KRN-001` when data from outside slipped past its schema
 */
export function unreachable(value: never): never {
  throw new NervelineError('NL-KRN-001', { detail: `unexpected case ${JSON.stringify(value)}` });
}
