import type { PositionVector, PushFrame, PushStreamName } from '@nerveline/contracts';
import type { Principal } from '@nerveline/kernel';
import type { PushSocket } from '../push-io';
import { ClientQueue } from './client-queue';
import type { LiveStream } from './live-stream';

/** One client's place in one stream. */
export class Subscription {
  /** In the room, which then knows where it stands. */
  live = false;
  closed = false;
  /** Where the feed stood when its snapshot began; undefined for a client that came with a position. */
  begun_at: PositionVector | undefined;

  constructor(
    readonly session: PushSession,
    readonly stream: LiveStream,
    /** Where the client stands while it isn't live; `undefined` until its snapshot has a beginning. */
    public position: PositionVector | undefined,
    /** What the next frame is. */
    public next_kind: PushFrame['kind'],
    private readonly release: () => void,
  ) {}

  get tenant_id(): string {
    return this.session.principal.tenant_id;
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.stream.leave(this);
    this.release();
  }
}

/** One connected client. */
export class PushSession {
  readonly queue: ClientQueue;
  readonly subscriptions = new Map<PushStreamName, Subscription>();
  closed = false;
  /** Somebody is bringing its subscriptions up to date. */
  served = false;
  records_sent = 0;

  constructor(
    readonly socket: PushSocket,
    readonly principal: Principal,
  ) {
    this.queue = new ClientQueue(socket.conn);
  }

  sent(frame: PushFrame): void {
    this.records_sent += frame.items.length;
  }

  /** The subscription that waits longest for its turn. */
  nextLagging(): Subscription | undefined {
    for (const [name, subscription] of this.subscriptions) {
      if (subscription.live || subscription.closed) continue;
      this.subscriptions.delete(name);
      this.subscriptions.set(name, subscription);
      return subscription;
    }
    return undefined;
  }

  close(): void {
    this.closed = true;
    this.queue.release();
    for (const subscription of this.subscriptions.values()) subscription.close();
    this.subscriptions.clear();
  }
}
