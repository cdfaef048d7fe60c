import type { Brand } from './brand';
import { NervelineError } from './errors/nerveline-error';

/** A log sequence number of PostgreSQL: a byte position in the WAL, 64 bits, ordered. */
export type Lsn = Brand<bigint, 'Lsn'>;

/** Below every position of a source: nothing has been read. */
export const LSN_ZERO = 0n as Lsn;

const LSN_MAX = 0xffff_ffff_ffff_ffffn;

/** @throws NervelineError `NL-KRN-002` outside 64 bits */
export function lsn(value: bigint): Lsn {
  if (value < 0n || value > LSN_MAX)
    throw new NervelineError('NL-KRN-002', { detail: `LSN ${value} is outside 64 bits` });
  return value as Lsn;
}

/**
 * Reads the text form of PostgreSQL, two hexadecimal halves: `16/B374D848`.
 *
 * @throws NervelineError `NL-KRN-002`
 */
export function parseLsn(text: string): Lsn {
  const match = /^([0-9a-fA-F]{1,8})\/([0-9a-fA-F]{1,8})$/.exec(text);
  if (match === null) throw new NervelineError('NL-KRN-002', { detail: `'${text}' is not an LSN` });
  return ((BigInt(`0x${match[1]}`) << 32n) | BigInt(`0x${match[2]}`)) as Lsn;
}

/** The text form of PostgreSQL, upper case, no leading zeros. */
export function formatLsn(value: Lsn): string {
  return `${(value >> 32n).toString(16).toUpperCase()}/${(value & 0xffff_ffffn).toString(16).toUpperCase()}`;
}
