import {
  pushStreams,
  subscribeRequest,
  unsubscribeRequest,
  type PositionVector,
  type PushStream,
  type PushStreamName,
  type Topic,
} from '@nerveline/contracts';
import { invariant, NervelineError, offset, type Principal } from '@nerveline/kernel';
import { defaultPushLimits, type PushLimits } from '../limits';
import type { RecordSource } from '../ports/record-source';
import type { PushIo, PushSocket } from '../push-io';
import { CatchUp } from './catch-up';
import { FactsReader } from './facts-reader';
import { GaugeReader } from './gauge-reader';
import { GaugeShelf } from './gauge-shelf';
import { LiveStream } from './live-stream';
import { LogFeed, type FeedBatch } from './log-feed';
import { parsePayload } from './payload';
import { checkPartitions, partitionsOf } from './position';
import { RecordDecoder } from './record-decoder';
import { PushSession, Subscription } from './subscription';

/** What a hub stands on. */
export interface PushHubOptions {
  readonly source: RecordSource;
  readonly io: PushIo;
  readonly limits?: Partial<PushLimits>;
  /** Takes what went wrong without being a client's fault. */
  onError(error: unknown): void;
}

/** What a hub is doing at the moment, for metrics and the flow's picture. */
export interface PushStats {
  readonly clients: number;
  /** Records that were sent since the start, over all clients. */
  readonly records_sent: number;
  /** Clients that were cut off because they took nothing. */
  readonly dropped: number;
  /** Subscriptions that are being brought up to date, and what the log has for them. */
  readonly lagging: number;
  readonly behind_records: number;
  /** What waits in this process for all clients together, and for the one that it is most for. */
  readonly waiting_bytes: number;
  readonly waiting_bytes_max: number;
}

/**
 * Brings the log to many clients: a snapshot, then every delta, from whatever position a client stands at. One reader
 * for each topic, one frame for each tick and room, and no queue for a slow client but the log itself.
 */
export class PushHub {
  readonly feed: LogFeed;
  readonly limits: PushLimits;
  readonly #sessions = new Map<string, PushSession>();
  readonly #streams: ReadonlyMap<PushStreamName, LiveStream>;
  readonly #gauges: GaugeShelf;
  readonly #catch_up: CatchUp;
  readonly #tick_listeners: ((batches: readonly FeedBatch[]) => void)[] = [];
  #records_sent = 0;
  #dropped = 0;

  constructor(private readonly options: PushHubOptions) {
    const { source, onError } = options;
    this.limits = { ...defaultPushLimits, ...options.limits };
    this.feed = new LogFeed({
      source,
      limits: this.limits,
      dispatch: (batches) => this.#dispatch(batches),
      onDropped: (topic) => this.#gauges.drop(topic),
      onError,
    });
    this.#gauges = new GaugeShelf({ source, feed: this.feed, limits: this.limits });
    const decoder = new RecordDecoder(onError);
    this.#catch_up = new CatchUp({
      limits: this.limits,
      decode: (record) => decoder.decode(record),
      onStalled: (session) => this.#drop(session),
      onFailed: (session, error) => {
        onError(error);
        session.socket.disconnect(true);
      },
    });
    const names = Object.keys(pushStreams) as PushStreamName[];
    this.#streams = new Map(names.map((name) => [name, this.#open(name, decoder)]));
  }

  /** @throws NervelineError `NL-PSH-005` when as many clients are connected as may be */
  demandRoom(): void {
    if (this.#sessions.size < this.limits.clients_max) return;
    throw new NervelineError('NL-PSH-005', { detail: `${this.limits.clients_max} clients are connected already` });
  }

  /** Takes a client in whose principal the handshake has found. */
  admit(socket: PushSocket, principal: Principal): void {
    this.#sessions.set(socket.id, new PushSession(socket, principal));
  }

  leave(socket: PushSocket): void {
    const session = this.#sessions.get(socket.id);
    if (session === undefined) return;
    this.#sessions.delete(socket.id);
    this.#records_sent += session.records_sent;
    session.close();
  }

  /**
   * Checks a subscription and begins to serve it; a new one to the same stream takes the old one's place.
   *
   * @throws NervelineError `NL-PSH-001`, `NL-API-005`, `NL-PSH-002`, `NL-PSH-003`, `NL-PSH-006`
   */
  async subscribe(socket: PushSocket, payload: unknown): Promise<null> {
    const request = parsePayload(subscribeRequest, payload);
    const session = this.#sessionOf(socket);
    const stream = this.#streams.get(request.stream);
    invariant(stream !== undefined, `${request.stream} has no stream`);
    const { definition } = stream.parts;
    if (!session.principal.scopes.includes(definition.scope)) {
      throw new NervelineError('NL-API-005', { detail: `this needs the scope ${definition.scope}`, field: 'stream' });
    }
    if (request.from !== null) checkPartitions(request.from, stream.partitions);
    const release = await this.#retain(definition);
    try {
      if (request.from !== null) await this.#waitForFeed(stream, request.from);
      if (session.closed) throw new NervelineError('NL-PSH-009', { detail: 'the client is gone' });
    } catch (error) {
      release();
      throw error;
    }
    session.subscriptions.get(request.stream)?.close();
    const kind = request.from === null ? 'snapshot' : 'delta';
    const subscription = new Subscription(session, stream, request.from ?? undefined, kind, release);
    session.subscriptions.set(request.stream, subscription);
    this.#catch_up.serve(session);
    return null;
  }

  /** @throws NervelineError `NL-PSH-001` */
  unsubscribe(socket: PushSocket, payload: unknown): null {
    const { stream } = parsePayload(unsubscribeRequest, payload);
    const session = this.#sessionOf(socket);
    session.subscriptions.get(stream)?.close();
    session.subscriptions.delete(stream);
    return null;
  }

  /** Has a listener see what each tick brought, after it was sent. */
  onTick(listener: (batches: readonly FeedBatch[]) => void): void {
    this.#tick_listeners.push(listener);
  }

  stats(): PushStats {
    let records_sent = this.#records_sent;
    let lagging = 0;
    let behind_records = 0;
    const waiting: number[] = [];
    for (const session of this.#sessions.values()) {
      records_sent += session.records_sent;
      waiting.push(session.queue.waiting_bytes);
      for (const { live, position, stream } of session.subscriptions.values()) {
        if (live) continue;
        lagging += 1;
        behind_records += position === undefined ? 0 : stream.behind(position);
      }
    }
    return {
      clients: this.#sessions.size,
      records_sent,
      dropped: this.#dropped,
      lagging,
      behind_records,
      waiting_bytes: waiting.reduce((sum, bytes) => sum + bytes, 0),
      waiting_bytes_max: waiting.reduce((most, bytes) => Math.max(most, bytes), 0),
    };
  }

  /** Tells every client to go on elsewhere, and lets all of them go. */
  close(notice: { readonly retry_after_ms: number }): void {
    this.options.io.emit('draining', notice);
    this.feed.close();
    for (const session of this.#sessions.values()) session.close();
    this.#sessions.clear();
    this.options.io.disconnectSockets(true);
  }

  #open(name: PushStreamName, decoder: RecordDecoder): LiveStream {
    const { feed, limits } = this;
    const { source, io } = this.options;
    const definition: PushStream = pushStreams[name];
    const { topics } = definition;
    const partitions = partitionsOf(topics);
    const reader =
      definition.kind === 'gauge'
        ? new GaugeReader({ partitions, feed, limits, cacheOf: (topic) => this.#gauges.get(topic) })
        : new FactsReader({ topics, partitions, snapshot_records: definition.snapshot_records, source, feed, limits });
    return new LiveStream({
      name,
      definition,
      feed,
      io,
      limits,
      reader,
      decode: (record) => decoder.decode(record),
      onSlow: ({ session }) => this.#catch_up.serve(session),
    });
  }

  #dispatch(batches: readonly FeedBatch[]): void {
    for (const batch of batches) this.#gauges.apply(batch);
    for (const stream of this.#streams.values()) stream.publish(batches);
    for (const listener of this.#tick_listeners) listener(batches);
  }

  /** Has all topics of a stream followed, and the latest values of a gauge at hand. */
  async #retain({ topics, kind }: PushStream): Promise<() => void> {
    const releases: (() => void)[] = [];
    const release = () => releases.splice(0).forEach((let_go) => let_go());
    try {
      for (const topic of topics) releases.push(await this.feed.retain(topic));
      if (kind === 'gauge') for (const topic of topics) await this.#gauges.fill(topic);
      return release;
    } catch (error) {
      release();
      throw error;
    }
  }

  /**
   * A client may come from a gateway that was ahead of this one's feed, never from one ahead of the log.
   *
   * @throws NervelineError `NL-PSH-003`
   */
  async #waitForFeed(stream: LiveStream, from: PositionVector): Promise<void> {
    for (const { id, topic, partition } of stream.partitions) {
      const wanted = from[id] ?? 0;
      while (this.feed.position(topic, partition) < wanted) {
        await this.#checkTail({ topic, partition, wanted });
        await this.feed.nextTick(topic);
      }
    }
  }

  async #checkTail(place: { topic: Topic['name']; partition: number; wanted: number }): Promise<void> {
    const { topic, partition, wanted } = place;
    const { next_offset } = await this.options.source.tail(topic, partition).catch(() => ({ next_offset: offset(0) }));
    if (wanted <= next_offset) return;
    throw new NervelineError('NL-PSH-003', {
      detail: `${topic}/${partition} ends before ${next_offset}, you stand at ${wanted}`,
      field: `from.${topic}/${partition}`,
    });
  }

  #drop(session: PushSession): void {
    this.#dropped += 1;
    const { stall_ms } = this.limits;
    session.socket.emit('dropped', { reason: `NL-PSH-007: nothing was taken for ${stall_ms} ms` });
    const { conn } = session.socket;
    session.socket.disconnect(true);
    // A polite end waits until the client has taken the farewell; one that never does is cut off as it stands.
    setTimeout(() => conn.close(true), stall_ms).unref();
  }

  #sessionOf(socket: PushSocket): PushSession {
    const session = this.#sessions.get(socket.id);
    if (session === undefined) throw new NervelineError('NL-API-004', { detail: 'nobody is signed in' });
    return session;
  }
}
