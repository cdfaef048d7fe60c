import type { PushStreamName } from '@nerveline/contracts';
import { Store } from './store';

/** How the page stands to its gateway. */
export type Connection =
  | { readonly phase: 'connecting' }
  | { readonly phase: 'live' }
  | { readonly phase: 'offline'; readonly since_ms: number; readonly reason: string }
  /** The gateway doesn't take the token. */
  | { readonly phase: 'refused'; readonly reason: string };

/** How one stream stands. `failed` is the gateway's answer to the subscription. */
export type StreamStatus =
  | { readonly phase: 'idle' }
  | { readonly phase: 'waiting' }
  | { readonly phase: 'live'; readonly behind: number }
  | { readonly phase: 'failed'; readonly code: string; readonly detail: string };

const IDLE: StreamStatus = { phase: 'idle' };

/** The state of the connection and of every stream, for the status strip and the pages. */
export class ConnectionStore extends Store {
  #connection: Connection = { phase: 'connecting' };
  readonly #streams = new Map<PushStreamName, StreamStatus>();
  /** Streams that came back with a new snapshot because the log no longer has our position. */
  readonly resets = new Set<PushStreamName>();

  get connection(): Connection {
    return this.#connection;
  }

  /** Records that wait for this page, over all its streams. */
  get behind(): number {
    let behind = 0;
    for (const status of this.#streams.values()) if (status.phase === 'live') behind += status.behind;
    return behind;
  }

  stream(name: PushStreamName): StreamStatus {
    return this.#streams.get(name) ?? IDLE;
  }

  setConnection(connection: Connection): void {
    this.#connection = connection;
    this.changed();
  }

  setStream(name: PushStreamName, status: StreamStatus): void {
    const before = this.stream(name);
    if (before.phase === 'live' && status.phase === 'live' && before.behind === status.behind) return;
    this.#streams.set(name, status);
    this.changed();
  }

  noteReset(name: PushStreamName): void {
    this.resets.add(name);
    this.changed();
  }
}
