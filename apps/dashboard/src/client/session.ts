import type { Principal } from '@nerveline/contracts';

const TOKEN_KEY = 'nerveline.token';
const BEARER = 'Bearer ';

export interface Session {
  readonly token: string;
  readonly principal: Principal;
}

/** What the gateway says to somebody who opens the page. */
export type SessionAnswer =
  | { readonly kind: 'session'; readonly session: Session }
  | { readonly kind: 'sign_in'; readonly refused: string | null }
  | { readonly kind: 'unreachable' };

/** Asks for a session: with the token of this tab, or as the operator that the gateway makes of a loopback visitor. */
export async function openSession(pasted: string | null = sessionStorage.getItem(TOKEN_KEY)): Promise<SessionAnswer> {
  try {
    const headers: HeadersInit = pasted === null ? {} : { authorization: BEARER + pasted };
    const response = await fetch('/v1/session', { headers, cache: 'no-store' });
    if (response.status === 401 || response.status === 403) {
      sessionStorage.removeItem(TOKEN_KEY);
      return { kind: 'sign_in', refused: pasted === null ? null : 'The gateway does not take this token.' };
    }
    if (!response.ok) return { kind: 'unreachable' };
    const session = (await response.json()) as Session;
    if (pasted !== null) sessionStorage.setItem(TOKEN_KEY, session.token);
    return { kind: 'session', session };
  } catch {
    return { kind: 'unreachable' };
  }
}
