import { NervelineError } from '@nerveline/kernel';
import { isKey } from '../engine/operator';

/**
 * The key, if it can be one. Operators that group ask it where they meet a key for the first time.
 *
 * @throws NervelineError `NL-STR-004`
 */
export function checkedKey(operator: string, key: unknown): unknown {
  if (isKey(key)) return key;
  throw new NervelineError('NL-STR-004', { detail: `${operator} needs a key and has ${String(key)}` });
}
