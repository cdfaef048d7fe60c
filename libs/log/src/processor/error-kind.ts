import { NervelineError } from '@nerveline/kernel';

/** Errors of sockets, of name servers, and of PostgreSQL (classes 08 and 57P, serialization, deadlock, too many clients). */
const TRANSIENT =
  /^(ECONN(REFUSED|RESET|ABORTED)|ETIMEDOUT|EPIPE|ENOTFOUND|EAI_AGAIN|E(HOST|NET)UNREACH|UND_ERR_(CONNECT_TIMEOUT|HEADERS_TIMEOUT|BODY_TIMEOUT|SOCKET)|08...|40001|40P01|53300|55P03|57P0[1-5])$/;

/** How deep a cause may lie: drivers and clients wrap what the socket said. */
const MAX_DEPTH = 5;

/** Can the same succeed later without anybody's doing? What nobody knows can't: it would be tried for ever. */
export function isTransient(error: unknown): boolean {
  let at: unknown = error;
  for (let depth = 0; depth < MAX_DEPTH && typeof at === 'object' && at !== null; depth += 1) {
    if (at instanceof NervelineError) return at.retriable;
    if ('name' in at && at.name === 'TimeoutError') return true;
    if ('code' in at && typeof at.code === 'string' && TRANSIENT.test(at.code)) return true;
    at = 'cause' in at ? at.cause : 'driverError' in at ? at.driverError : undefined;
  }
  return false;
}

const FATAL = ['NL-LOG-015', 'NL-LOG-016'];

/** The log itself is at its end: no record is at fault. */
export const isFatal = (error: unknown): boolean => error instanceof NervelineError && FATAL.includes(error.code);

export const isFenced = (error: unknown): boolean => error instanceof NervelineError && error.code === 'NL-LOG-004';

/** The code, message and stack of whatever was thrown, bounded. */
export function describeError(error: unknown): { code: string; message: string; stack: string } {
  if (!(error instanceof Error)) return { code: 'unknown', message: cut(String(error), 2_000), stack: '' };
  const name = error.name === 'Error' ? error.constructor.name : error.name;
  const code = error instanceof NervelineError ? error.code : name;
  return { code, message: cut(error.message, 2_000), stack: cut(withCauses(error), 16_000) };
}

function withCauses(error: Error): string {
  const stacks: string[] = [];
  let at: unknown = error;
  for (let depth = 0; depth < MAX_DEPTH && at instanceof Error; depth += 1) {
    stacks.push(at.stack ?? String(at));
    at = at.cause;
  }
  return stacks.join('\ncaused by ');
}

const cut = (text: string, chars: number): string => (text.length <= chars ? text : `${text.slice(0, chars)}…`);
