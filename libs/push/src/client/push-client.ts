import type {
  Ack,
  ClientToServerEvents,
  CommandEnvelope,
  CommandName,
  EventLife,
  FlowStatus,
  PositionVector,
  PushFrame,
  PushItem,
  PushStreamName,
  ServerToClientEvents,
  TraceRequest,
} from '@nerveline/contracts';
import { catalogue, NervelineError, type ErrorCode } from '@nerveline/kernel';
import { io, type Socket } from 'socket.io-client';
import { takeFrame } from './take-frame';

/** Where a client connects to, and what it wants to hear beside its streams. */
export interface PushClientOptions {
  /** The gateway's address: `http://127.0.0.1:3000`. */
  readonly url: string;
  readonly token: string;
  /** Waits so long for a connection or an answer. */
  readonly timeout_ms?: number;
  /** A WebSocket from the start, unless a proxy forbids them. */
  readonly transports?: ('websocket' | 'polling')[];
  readonly onFlow?: (status: FlowStatus) => void;
  readonly onDraining?: (notice: { readonly retry_after_ms: number }) => void;
  readonly onDropped?: (notice: { readonly reason: string }) => void;
}

/** Takes what a subscription brings. */
export interface PushHandlers {
  /** Takes each record once. `replace` means: forget what you had of this stream. */
  onItems(items: readonly PushItem[], replace: boolean): void;
  /** Sees every frame as it came. */
  onFrame?(frame: PushFrame): void;
  /** The gateway refused to go on with the stream after the connection came back. */
  onRefused?(error: NervelineError): void;
}

interface Held {
  readonly handlers: PushHandlers;
  position: PositionVector | null;
}

const DEFAULT_TIMEOUT_MS = 10_000;
const RECONNECT_MS_MIN = 100;
const RECONNECT_MS_MAX = 2_000;

/**
 * A client of a gateway for programs: subscribes, keeps each stream's position, and goes on from it after every cut, so
 * that each record arrives once and in its partition's order.
 */
export class PushClient implements AsyncDisposable {
  readonly #held = new Map<PushStreamName, Held>();
  readonly #socket: Socket<ServerToClientEvents, ClientToServerEvents>;
  #return: NodeJS.Timeout | undefined;

  private constructor(private readonly options: PushClientOptions) {
    this.#socket = io(options.url, {
      auth: { token: options.token },
      transports: options.transports ?? ['websocket'],
      timeout: options.timeout_ms ?? DEFAULT_TIMEOUT_MS,
      reconnectionDelay: RECONNECT_MS_MIN,
      reconnectionDelayMax: RECONNECT_MS_MAX,
      forceNew: true,
    });
    this.#socket.on('frame', (frame) => this.#take(frame));
    this.#socket.on('connect', () => this.#resume());
    this.#socket.on('disconnect', (reason) => this.#onDisconnect(reason));
    if (options.onFlow !== undefined) this.#socket.on('flow', options.onFlow);
    if (options.onDraining !== undefined) this.#socket.on('draining', options.onDraining);
    if (options.onDropped !== undefined) this.#socket.on('dropped', options.onDropped);
  }

  /** @throws NervelineError the gateway's refusal (`NL-API-004`, `NL-PSH-005`), or `NL-PSH-009` when it doesn't answer */
  static async connect(options: PushClientOptions): Promise<PushClient> {
    const client = new PushClient(options);
    try {
      await client.#connected();
      return client;
    } catch (error) {
      client.#socket.disconnect();
      throw error;
    }
  }

  get connected(): boolean {
    return this.#socket.connected;
  }

  /**
   * Reads a stream, from a position or from a fresh snapshot.
   *
   * @throws NervelineError the gateway's refusal: `NL-API-005`, `NL-PSH-002`, `NL-PSH-003`, ...
   */
  async subscribe(stream: PushStreamName, handlers: PushHandlers, from: PositionVector | null = null): Promise<void> {
    this.#held.set(stream, { handlers, position: from });
    const refused = await this.#ask(stream, from);
    if (refused === undefined) return;
    this.#held.delete(stream);
    throw refused;
  }

  async unsubscribe(stream: PushStreamName): Promise<void> {
    this.#held.delete(stream);
    await this.#timed().emitWithAck('unsubscribe', { stream });
  }

  /** Where the client stands in a stream; null before its first frame. */
  position(stream: PushStreamName): PositionVector | null {
    return this.#held.get(stream)?.position ?? null;
  }

  command(envelope: CommandEnvelope & { readonly name: CommandName }): Promise<Ack<unknown>> {
    return this.#timed().emitWithAck('command', envelope);
  }

  trace(request: TraceRequest): Promise<Ack<EventLife>> {
    return this.#timed().emitWithAck('trace', request);
  }

  /** Cuts the connection as a failing network would; the client comes back by itself. */
  cut(): void {
    this.#socket.io.engine.close();
  }

  close(): void {
    clearTimeout(this.#return);
    this.#socket.disconnect();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  #timed() {
    return this.#socket.timeout(this.options.timeout_ms ?? DEFAULT_TIMEOUT_MS);
  }

  #connected(): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new NervelineError('NL-PSH-009', { detail: 'the gateway does not answer' })),
        this.options.timeout_ms ?? DEFAULT_TIMEOUT_MS,
      );
      this.#socket.once('connect', () => {
        clearTimeout(timer);
        resolve();
      });
      this.#socket.on('connect_error', (error) => {
        // An inactive socket won't try again: the gateway answered, and the answer was no.
        if (this.#socket.active) return;
        clearTimeout(timer);
        reject(toError('data' in error ? error.data : undefined, error.message));
      });
    });
  }

  #onDisconnect(reason: string): void {
    // Socket.IO comes back by itself except where the gateway itself has hung up.
    if (reason === 'io server disconnect') this.#return = setTimeout(() => this.#socket.connect(), RECONNECT_MS_MIN);
  }

  #resume(): void {
    for (const [stream, held] of this.#held) void this.#askAgain(stream, held);
  }

  async #askAgain(stream: PushStreamName, held: Held): Promise<void> {
    const refused = await this.#ask(stream, held.position);
    if (refused === undefined || this.#held.get(stream) !== held) return;
    if (refused.code !== 'NL-PSH-009') return held.handlers.onRefused?.(refused);
    // Cut off again: the next connection asks by itself.
    if (this.#socket.connected) await this.#askAgain(stream, held);
  }

  async #ask(stream: PushStreamName, from: PositionVector | null): Promise<NervelineError | undefined> {
    try {
      const answer = (await this.#timed().emitWithAck('subscribe', { stream, from })) as Ack<null>;
      return answer.ok ? undefined : toError(answer, answer.detail);
    } catch (cause) {
      return new NervelineError('NL-PSH-009', { detail: 'the gateway does not answer', cause });
    }
  }

  #take(frame: PushFrame): void {
    const held = this.#held.get(frame.stream);
    if (held === undefined) return;
    held.handlers.onFrame?.(frame);
    const taken = takeFrame(held.position, frame);
    switch (taken.kind) {
      case 'early':
        return;
      case 'gap':
        void this.#askAgain(frame.stream, held);
        return;
      case 'apply':
        held.position = taken.position;
        held.handlers.onItems(taken.fresh, frame.kind !== 'delta');
    }
  }
}

/** What the gateway said, as the error that it is. */
function toError(answer: unknown, detail: string): NervelineError {
  const code = typeof answer === 'object' && answer !== null && 'code' in answer ? answer.code : undefined;
  const field = typeof answer === 'object' && answer !== null && 'field' in answer ? answer.field : undefined;
  return new NervelineError(isErrorCode(code) ? code : 'NL-PSH-009', {
    detail,
    ...(typeof field === 'string' && { field }),
  });
}

const isErrorCode = (code: unknown): code is ErrorCode => typeof code === 'string' && Object.hasOwn(catalogue, code);
