import { z } from 'zod';
import type { CommandName } from '../commands';
import { idempotencyKey } from '../ids';
import type { EventLife, FlowStatus } from './flow';
import { pushStreams, type PushStreamName } from './streams';

/** Next offset by `topic/partition`: where a client stands. It holds at every gateway. */
export const positionVector = z.record(z.string().max(256), z.int().min(0));
export type PositionVector = z.infer<typeof positionVector>;

const streamNames = Object.keys(pushStreams) as [PushStreamName, ...PushStreamName[]];

export const subscribeRequest = z.strictObject({
  stream: z.enum(streamNames),
  /** Go on from here; null for a fresh snapshot. */
  from: positionVector.nullable(),
});
export type SubscribeRequest = z.infer<typeof subscribeRequest>;

export const unsubscribeRequest = z.strictObject({ stream: z.enum(streamNames) });
export type UnsubscribeRequest = z.infer<typeof unsubscribeRequest>;

export const commandRequest = z.strictObject({
  name: z.string().max(64),
  idempotency_key: idempotencyKey,
  request: z.unknown(),
});
export type CommandEnvelope = z.infer<typeof commandRequest>;

export const traceRequest = z.strictObject({
  topic: z.string().max(128),
  partition: z.int().min(0),
  offset: z.int().min(0),
});
export type TraceRequest = z.infer<typeof traceRequest>;

/** A record as a page sees it. `value` has the shape of its topic's schema; null is a tombstone. */
export interface PushItem {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly key: string | null;
  readonly event_ms: number;
  /** The `source_position` of the change that caused it, and when that was committed. */
  readonly source_position: string | null;
  readonly committed_ms: number | null;
  readonly value: unknown;
}

/**
 * `snapshot` replaces what the page has; `delta` adds to it; `reset` is a snapshot because the log no longer holds the
 * position that the client asked for.
 */
export interface PushFrame {
  readonly stream: PushStreamName;
  readonly kind: 'snapshot' | 'delta' | 'reset';
  readonly items: readonly PushItem[];
  /**
   * Where the client has to stand for a delta to follow without a gap: next offset by `topic/partition`. One that
   * stands before it asks again from its own position.
   */
  readonly from?: PositionVector;
  /** Where the client stands after this frame: a delta names the partitions that it moved, the others stay. */
  readonly position: PositionVector;
  /** Records between this frame's end and the log's: above 0 the page is catching up. */
  readonly behind: number;
}

/** The answer to every client event. */
export type Ack<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly code: string; readonly detail: string; readonly field?: string };

export interface ClientToServerEvents {
  subscribe(request: SubscribeRequest, ack: (answer: Ack<null>) => void): void;
  unsubscribe(request: UnsubscribeRequest, ack: (answer: Ack<null>) => void): void;
  command(request: CommandEnvelope & { readonly name: CommandName }, ack: (answer: Ack<unknown>) => void): void;
  trace(request: TraceRequest, ack: (answer: Ack<EventLife>) => void): void;
}

export interface ServerToClientEvents {
  frame(frame: PushFrame): void;
  /** Once a second to clients with `ops:read`. */
  flow(status: FlowStatus): void;
  /** The gateway is stopping: connect to another one, or wait for it. */
  draining(notice: { readonly retry_after_ms: number }): void;
  /** This client reads too slowly and was cut off. */
  dropped(notice: { readonly reason: string }): void;
}
