import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import type { SilentLogger, SocketOptions } from 'kafkajs/src/network/connection';

/**
 * The socket of a connection, kept by us: kafkajs can only end one politely, which a peer that went silent never answers.
 * Without delay: it holds small requests back to fill a packet.
 */
export function openSocket({ host, port, onConnect }: SocketOptions, tls: ConnectionOptions | undefined): Socket {
  const server_name = isIP(host) === 0 ? { servername: host } : {};
  const socket =
    tls === undefined
      ? connectTcp({ host, port }, onConnect)
      : connectTls({ host, port, ...server_name, ...tls }, onConnect);
  socket.setNoDelay(true);
  socket.setKeepAlive(true, KEEP_ALIVE_MS);
  return socket;
}

const KEEP_ALIVE_MS = 60_000;

const nothing = (): void => undefined;

/** What goes wrong is thrown at whoever asked; kafkajs would also print each of it. */
export const silent: SilentLogger = {
  namespace: () => silent,
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
};
