import { setImmediate as nextTurn } from 'node:timers/promises';
import type { PushItem } from '@nerveline/contracts';
import type { PushLimits } from '../limits';
import { cutFrames } from './frames';
import { movedPartitions } from './position';
import type { PushRecord } from './push-record';
import type { PushSession, Subscription } from './subscription';

export interface CatchUpParts {
  readonly limits: PushLimits;
  decode(record: PushRecord): PushItem | undefined;
  /** The client took nothing for too long. */
  onStalled(session: PushSession): void;
  onFailed(session: PushSession, error: unknown): void;
}

/**
 * Brings subscriptions to where the feed stands, as fast as their client reads, and hands them over to the live room. It
 * serves new, returning and slow clients alike: what they miss is in the log, so nothing is queued for them here.
 */
export class CatchUp {
  constructor(private readonly parts: CatchUpParts) {}

  /** Serves a client's lagging subscriptions by turns until all are live. */
  serve(session: PushSession): void {
    if (session.served || session.closed) return;
    session.served = true;
    this.#run(session).catch((error: unknown) => {
      if (!session.closed) this.parts.onFailed(session, error);
    });
  }

  async #run(session: PushSession): Promise<void> {
    try {
      for (let next = session.nextLagging(); next !== undefined; next = session.nextLagging()) {
        if (!(await session.queue.taken(this.parts.limits.stall_ms))) return this.parts.onStalled(session);
        if (session.closed) return;
        if (!next.closed) await this.#advance(next);
        // A long way must not keep the process from its other clients.
        await nextTurn();
      }
    } finally {
      // Without a pause behind the last look at the session: who lags from here on starts a new run.
      session.served = false;
    }
  }

  async #advance(subscription: Subscription): Promise<void> {
    const { stream, tenant_id } = subscription;
    const { reader } = stream.parts;
    if (subscription.position === undefined) {
      // Noted ahead of the snapshot: a removal that is handed out while it begins is one that the client has yet to hear of.
      subscription.begun_at = stream.position();
      subscription.position = await reader.snapshotStart(tenant_id);
    }
    if (subscription.closed) return;
    const { position } = subscription;
    // No pause between this look and the join: the next tick is the first that the client doesn't have.
    if (subscription.next_kind === 'delta' && movedPartitions(position, stream.position()).length === 0) {
      stream.join(subscription);
      return;
    }
    const chunk = await reader.next(tenant_id, position, subscription.begun_at);
    if (subscription.closed) return;
    if (chunk === 'lost') {
      subscription.position = undefined;
      subscription.next_kind = reader.restart;
      return;
    }
    const { session, next_kind } = subscription;
    const { limits, decode } = this.parts;
    const behind = stream.behind(chunk.position);
    const input = {
      stream: stream.parts.name,
      kind: next_kind,
      records: chunk.records,
      from: position,
      to: chunk.position,
    };
    for (const { frame, wire_bytes } of cutFrames({ ...input, behind }, decode, limits)) {
      session.queue.expect(wire_bytes);
      session.sent(frame);
      session.socket.emit('frame', frame);
    }
    subscription.position = chunk.position;
    subscription.next_kind = 'delta';
  }
}
