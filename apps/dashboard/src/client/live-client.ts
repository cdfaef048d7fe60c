import type {
  Ack,
  ClientToServerEvents,
  CommandAnswer,
  CommandName,
  CommandRequest,
  EventLife,
  FlowStatus,
  IdempotencyKey,
  PositionVector,
  PushFrame,
  PushStreamName,
  ServerToClientEvents,
  TraceRequest,
} from '@nerveline/contracts';
import { io, type Socket } from 'socket.io-client';
import type { ConnectionStore } from './connection-store';
import { newIdempotencyKey } from './idempotency-key';
import { takeFrame } from './stream-cursor';
import type { StreamSinks } from './stream-sink';

type LiveSocket = Socket<ServerToClientEvents, ClientToServerEvents>;

/** An answer that comes later than this is taken for lost; the command's key makes asking again harmless. */
const ANSWER_TIMEOUT_MS = 10_000;
/** A page that was left keeps its streams this long, so that going back and forth costs no snapshot. */
const LINGER_MS = 30_000;
/** After the gateway itself hung up. */
const RETURN_AFTER_MS = 1_000;
const RECONNECT_MIN_MS = 250;
const RECONNECT_MAX_MS = 3_000;

interface Subscription {
  readers: number;
  /** Next offsets; null before the first snapshot. It outlives the connection and the subscription. */
  position: PositionVector | null;
  subscribed: boolean;
  asking: boolean;
  leave: ReturnType<typeof setTimeout> | null;
}

export interface LiveClientOptions {
  readonly token: string;
  readonly sinks: StreamSinks;
  readonly connection: ConnectionStore;
  readonly now_ms: () => number;
  readonly onFlow: (status: FlowStatus) => void;
}

/**
 * The page's one socket. It subscribes for as long as somebody reads a stream, keeps each stream's position and goes on
 * from it after any cut, and hands every record to its sink once.
 */
export class LiveClient {
  readonly #socket: LiveSocket;
  readonly #subscriptions = new Map<PushStreamName, Subscription>();
  #return: ReturnType<typeof setTimeout> | null = null;
  #last_words: string | null = null;

  constructor(private readonly options: LiveClientOptions) {
    this.#socket = io({
      auth: { token: options.token },
      transports: ['websocket', 'polling'],
      reconnectionDelay: RECONNECT_MIN_MS,
      reconnectionDelayMax: RECONNECT_MAX_MS,
    });
    this.#listen();
  }

  /** Reads a stream until the returned function is called. */
  retain(stream: PushStreamName): () => void {
    const subscription = this.#subscription(stream);
    subscription.readers += 1;
    if (subscription.leave !== null) clearTimeout(subscription.leave);
    subscription.leave = null;
    if (!subscription.subscribed) this.#ask(stream);
    return () => {
      subscription.readers -= 1;
      if (subscription.readers === 0) subscription.leave = setTimeout(() => this.#leave(stream), LINGER_MS);
    };
  }

  /** Asks again for a stream that failed. */
  retry(stream: PushStreamName): void {
    this.#ask(stream);
  }

  /** Sends a command once; `idempotency_key` is the user's intention, the same for each attempt. */
  async command<Name extends CommandName>(
    name: Name,
    request: CommandRequest<Name>,
    idempotency_key: IdempotencyKey = newIdempotencyKey(),
  ): Promise<Ack<CommandAnswer<Name>>> {
    if (!this.#socket.connected) return NOT_CONNECTED;
    try {
      const socket = this.#socket.timeout(ANSWER_TIMEOUT_MS);
      const answer: unknown = await socket.emitWithAck('command', { name, idempotency_key, request });
      // The gateway has checked the answer against the command map; here it only gets its type back.
      return answer as Ack<CommandAnswer<Name>>;
    } catch {
      return NO_ANSWER;
    }
  }

  /** The life of one record, from its commit to the page. */
  async trace(request: TraceRequest): Promise<Ack<EventLife>> {
    if (!this.#socket.connected) return NOT_CONNECTED;
    try {
      const answer: unknown = await this.#socket.timeout(ANSWER_TIMEOUT_MS).emitWithAck('trace', request);
      return answer as Ack<EventLife>;
    } catch {
      return NO_ANSWER;
    }
  }

  close(): void {
    if (this.#return !== null) clearTimeout(this.#return);
    for (const { leave } of this.#subscriptions.values()) if (leave !== null) clearTimeout(leave);
    this.#socket.disconnect();
  }

  #listen(): void {
    const { connection, onFlow, now_ms } = this.options;
    const socket = this.#socket;
    socket.on('connect', () => {
      this.#last_words = null;
      connection.setConnection({ phase: 'live' });
      for (const [stream, { readers }] of this.#subscriptions) if (readers > 0) this.#ask(stream);
    });
    socket.on('disconnect', (reason) => {
      for (const subscription of this.#subscriptions.values()) subscription.subscribed = false;
      const words = this.#last_words ?? 'The connection was lost.';
      connection.setConnection({ phase: 'offline', since_ms: now_ms(), reason: words });
      if (reason === 'io server disconnect') this.#return = setTimeout(() => socket.connect(), RETURN_AFTER_MS);
    });
    socket.on('connect_error', (error) => {
      // An inactive socket won't try again: the gateway answered, and the answer was no.
      if (!socket.active) connection.setConnection({ phase: 'refused', reason: error.message });
      else if (connection.connection.phase === 'connecting') {
        connection.setConnection({ phase: 'offline', since_ms: now_ms(), reason: 'The gateway does not answer.' });
      }
    });
    socket.on('draining', () => (this.#last_words = 'The gateway is stopping.'));
    socket.on('dropped', ({ reason }) => (this.#last_words = `Cut off: ${reason}`));
    socket.on('flow', onFlow);
    socket.on('frame', (frame) => this.#take(frame));
  }

  #take(frame: PushFrame): void {
    const { stream } = frame;
    const subscription = this.#subscriptions.get(stream);
    if (subscription === undefined) return;
    const verdict = takeFrame(subscription.position, frame);
    if (verdict.kind === 'early') return;
    if (verdict.kind === 'gap') {
      this.#ask(stream);
      return;
    }
    subscription.position = verdict.position;
    this.options.sinks[stream].take(verdict.fresh, verdict.replace);
    if (frame.kind === 'reset') this.options.connection.noteReset(stream);
    this.options.connection.setStream(stream, { phase: 'live', behind: frame.behind });
  }

  #ask(stream: PushStreamName): void {
    const subscription = this.#subscription(stream);
    const { connection } = this.options;
    if (subscription.position === null) connection.setStream(stream, { phase: 'waiting' });
    if (!this.#socket.connected || subscription.asking) return;
    subscription.asking = true;
    this.#socket
      .timeout(ANSWER_TIMEOUT_MS)
      .emit('subscribe', { stream, from: subscription.position }, (lost: Error | null, answer: Ack<null>) => {
        subscription.asking = false;
        if (lost === null && answer.ok) subscription.subscribed = true;
        else if (lost === null && !answer.ok) connection.setStream(stream, { phase: 'failed', ...answer });
        else if (this.#socket.connected) this.#ask(stream);
      });
  }

  #leave(stream: PushStreamName): void {
    const subscription = this.#subscription(stream);
    subscription.leave = null;
    subscription.subscribed = false;
    if (this.#socket.connected) this.#socket.emit('unsubscribe', { stream }, () => undefined);
  }

  #subscription(stream: PushStreamName): Subscription {
    const known = this.#subscriptions.get(stream);
    if (known !== undefined) return known;
    const created: Subscription = { readers: 0, position: null, subscribed: false, asking: false, leave: null };
    this.#subscriptions.set(stream, created);
    return created;
  }
}

const NOT_CONNECTED = { ok: false, code: 'offline', detail: 'Not connected: nothing was sent.' } as const;
const NO_ANSWER = {
  ok: false,
  code: 'no_answer',
  detail: 'No answer yet. Trying again is safe: it counts once.',
} as const;
