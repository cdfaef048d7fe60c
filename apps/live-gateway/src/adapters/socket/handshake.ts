import { NervelineError } from '@nerveline/kernel';
import type { PushHub, PushSocket } from '@nerveline/push';
import { toNervelineError, type TokenVerifier } from '@nerveline/service-defaults';
import { decodeJwt } from 'jose';

const TOKEN_CHARS_MAX = 8_192;
/** The longest that a timer can wait; a session that lives longer is looked at again then. */
const TIMER_MS_MAX = 2 ** 31 - 1;

type Next = (error?: Error) => void;

/** Lets a socket in by the token of its handshake, or answers why not. */
export function authenticate(tokens: TokenVerifier, hub: PushHub) {
  return async (socket: PushSocket, next: Next): Promise<void> => {
    try {
      await admit(socket, tokens, hub);
    } catch (error) {
      next(toConnectError(error));
      return;
    }
    next();
  };
}

async function admit(socket: PushSocket, tokens: TokenVerifier, hub: PushHub): Promise<void> {
  const token: unknown = socket.handshake.auth['token'];
  if (typeof token !== 'string' || token.length > TOKEN_CHARS_MAX) {
    throw new NervelineError('NL-API-004', { detail: 'the handshake carries no token' });
  }
  hub.demandRoom();
  socket.data.principal = await tokens.verify(token);
  socket.data.token = token;
}

/** Ends the session when its token expires, with a word to the client. */
export function endWithToken(socket: PushSocket): void {
  const { token } = socket.data;
  const expires_ms = token === undefined ? 0 : (decodeJwt(token).exp ?? 0) * 1_000;
  const look = (): void => {
    const left_ms = expires_ms - Date.now();
    if (left_ms > 0) {
      timer = setTimeout(look, Math.min(left_ms, TIMER_MS_MAX));
      timer.unref();
      return;
    }
    socket.emit('dropped', { reason: 'NL-API-004: the token has expired' });
    socket.disconnect(true);
  };
  let timer: NodeJS.Timeout | undefined;
  look();
  socket.once('disconnect', () => clearTimeout(timer));
}

/** Socket.IO hands `message` and `data` to the client. */
function toConnectError(raised: unknown): Error {
  const { code, detail } = toNervelineError(raised);
  return Object.assign(new Error(detail), { data: { code, detail } });
}
