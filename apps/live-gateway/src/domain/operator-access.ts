/** What a request for a session says of where it comes from. */
export interface Caller {
  /** The peer's address, from the socket. */
  readonly remote_address: string;
  readonly host: string | undefined;
  readonly origin: string | undefined;
  /** The browser's own word, which no page can forge. */
  readonly sec_fetch_site: string | undefined;
  /** Somebody forwarded the request, so the peer isn't who asks. */
  readonly forwarded: boolean;
}

/** Names by which a browser reaches its own machine. Any other name may be an attacker's that points to 127.0.0.1. */
const LOOPBACK_HOST = /^(localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/;
const LOOPBACK_ADDRESS = /^(::1|(?:::ffff:)?127(?:\.\d{1,3}){3})$/;

/**
 * May this caller open the pages as operator without signing in? Only a person at this very machine: the connection
 * comes from loopback, the page was opened under a loopback name (a foreign name that resolves to loopback is DNS
 * rebinding), and no other site has sent the request. Another port of this machine is another site too.
 */
export function mayOpenAsOperator(caller: Caller): boolean {
  const { remote_address, host, origin, sec_fetch_site, forwarded } = caller;
  if (forwarded || host === undefined) return false;
  if (!LOOPBACK_ADDRESS.test(remote_address) || !LOOPBACK_HOST.test(host)) return false;
  if (origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`) return false;
  return sec_fetch_site === undefined || sec_fetch_site === 'same-origin' || sec_fetch_site === 'none';
}
