import { NervelineError, type ErrorCode } from '@nerveline/kernel';

const SOCKET_ERRORS = /^(ECONN|EPIPE|ETIMEDOUT|EHOST|ENET|ENOTFOUND|EAI_|ERR_SOCKET|ERR_STREAM)/;

/** Which entry of the catalogue a SQLSTATE means here; the longest prefix counts. */
const CODE_BY_SQLSTATE: readonly (readonly [prefix: string, code: ErrorCode])[] = [
  ['28', 'NL-CDC-003'], // invalid authorization
  ['3D000', 'NL-CDC-003'], // no such database
  ['08', 'NL-CDC-004'], // connection
  ['57P', 'NL-CDC-004'], // shutting down, starting up
  ['58', 'NL-CDC-004'], // the server's own I/O
  ['XX', 'NL-CDC-004'],
  ['53', 'NL-CDC-017'], // out of slots, senders, connections
  ['55006', 'NL-CDC-007'], // slot is active
  ['40', 'NL-CDC-004'], // serialization, deadlock
  ['55P03', 'NL-CDC-004'], // lock not available
  ['57014', 'NL-CDC-004'], // cancelled
];

/**
 * Gives an error of `pg` or of the socket its code, so that everybody above knows whether trying again can help.
 *
 * @param doing what was being done, for the message
 */
export function toSourceError(error: unknown, doing: string): NervelineError {
  if (error instanceof NervelineError) return error;
  const { code, message } = describe(error);
  return new NervelineError(codeOf(code, message), { detail: `${doing}: ${message}`, cause: error });
}

function codeOf(code: string | undefined, message: string): ErrorCode {
  if (code === undefined)
    return /connection terminated|timeout|not queryable/i.test(message) ? 'NL-CDC-004' : 'NL-CDC-020';
  if (SOCKET_ERRORS.test(code)) return 'NL-CDC-004';
  if (isSlotLost(code, message)) return 'NL-CDC-008';
  if (code === '42704' && /^replication slot/i.test(message)) return 'NL-CDC-010';
  if (code === '42501' && /replication|wal sender/i.test(message)) return 'NL-CDC-002';
  return CODE_BY_SQLSTATE.find(([prefix]) => code.startsWith(prefix))?.[1] ?? 'NL-CDC-020';
}

/** The server has one SQLSTATE for "not in the right state"; only the words tell that the WAL is gone. */
function isSlotLost(code: string, message: string): boolean {
  return code === '55000' && /can no longer (get changes|access)|invalidated/i.test(message);
}

function describe(error: unknown): { code: string | undefined; message: string } {
  if (!(error instanceof Error)) return { code: undefined, message: String(error) };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  // A name with several addresses fails with one error for each of them, and no message.
  if (error instanceof AggregateError && error.message === '') return describe(error.errors[0]);
  return { code, message: error.message };
}
