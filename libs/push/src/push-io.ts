import type { ClientToServerEvents, ServerToClientEvents } from '@nerveline/contracts';
import type { Principal } from '@nerveline/kernel';
import type { DefaultEventsMap, Server, Socket } from 'socket.io';

/** What a gateway knows of a socket's owner, from the handshake on. */
export interface PushSocketData {
  principal?: Principal;
  /** As it came: commands travel on with it. */
  token?: string;
}

/** Socket.IO's server with the platform's own events. */
export type PushIo = Server<ClientToServerEvents, ServerToClientEvents, DefaultEventsMap, PushSocketData>;
/** One client's socket with the same events, and whom it belongs to. */
export type PushSocket = Socket<ClientToServerEvents, ServerToClientEvents, DefaultEventsMap, PushSocketData>;
