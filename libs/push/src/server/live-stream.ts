import type { PositionVector, PushItem, PushStream, PushStreamName } from '@nerveline/contracts';
import { tenantKey } from '@nerveline/kernel';
import type { PushLimits } from '../limits';
import type { PushIo } from '../push-io';
import { cutFrames, type SizedFrame } from './frames';
import type { FeedBatch, LogFeed } from './log-feed';
import { partitionsOf, type StreamPartition } from './position';
import { mergeByAppend, type PushRecord } from './push-record';
import type { StreamReader } from './stream-reader';
import type { Subscription } from './subscription';

/** The live subscriptions of one tenant: each frame is made and encoded once for all of them. */
interface Room {
  readonly id: string;
  readonly tenant_id: string;
  readonly members: Set<Subscription>;
  /** Where the last frame ended. Every member stands here or behind it. */
  position: PositionVector;
}

export interface LiveStreamParts {
  readonly name: PushStreamName;
  readonly definition: PushStream;
  readonly feed: LogFeed;
  readonly io: PushIo;
  readonly limits: PushLimits;
  readonly reader: StreamReader;
  /** `undefined` for a record that breaks its schema. */
  decode(record: PushRecord): PushItem | undefined;
  /** The member has more waiting for it than it may: it left the room. */
  onSlow(subscription: Subscription): void;
}

/** One stream of the contracts: who hears it live, and how others get there. */
export class LiveStream {
  readonly partitions: readonly StreamPartition[];
  readonly #rooms = new Map<string, Room>();

  constructor(readonly parts: LiveStreamParts) {
    this.partitions = partitionsOf(parts.definition.topics);
  }

  /** Where the feed stands. */
  position(): PositionVector {
    const { feed } = this.parts;
    return Object.fromEntries(this.partitions.map(({ id, topic, partition }) => [id, feed.position(topic, partition)]));
  }

  /** Records that the log has beyond a position, as far as the feed knows. */
  behind(position: PositionVector): number {
    const { feed, definition } = this.parts;
    const unread = definition.topics.reduce((sum, { name }) => sum + feed.behind(name), 0);
    return this.partitions.reduce(
      (sum, { id, topic, partition }) => sum + Math.max(0, feed.position(topic, partition) - (position[id] ?? 0)),
      unread,
    );
  }

  /** Makes a subscription live that stands exactly where the feed does. */
  join(subscription: Subscription): void {
    const room = this.#roomOf(subscription.tenant_id);
    room.members.add(subscription);
    subscription.live = true;
    void subscription.session.socket.join(room.id);
  }

  /** Takes a subscription out of its room; it stands where the room does. */
  leave(subscription: Subscription): void {
    const room = this.#rooms.get(subscription.tenant_id);
    if (room === undefined || !room.members.delete(subscription)) return;
    subscription.live = false;
    subscription.position = room.position;
    void subscription.session.socket.leave(room.id);
    if (room.members.size === 0) this.#rooms.delete(subscription.tenant_id);
  }

  /** Sends what a tick brought to everybody who is live. */
  publish(batches: readonly FeedBatch[]): void {
    if (this.#rooms.size === 0) return;
    const { topics } = this.parts.definition;
    const own = batches.filter(({ topic }) => topics.some(({ name }) => name === topic.name));
    const records = mergeByAppend(own.map((batch) => batch.records));
    if (records.length === 0) return;
    const to = this.position();
    for (const room of this.#rooms.values()) {
      const theirs = records.filter(({ tenant_id }) => tenant_id === room.tenant_id);
      if (theirs.length > 0) this.#publishTo(room, theirs, to);
    }
  }

  #publishTo(room: Room, records: readonly PushRecord[], to: PositionVector): void {
    const { definition, name, limits, decode } = this.parts;
    const kept = definition.kind === 'gauge' ? latestByKey(records) : records;
    const behind = this.behind(to);
    const input = { stream: name, kind: 'delta', records: kept, from: room.position, to, behind } as const;
    for (const sized of cutFrames(input, decode, limits)) this.#send(room, sized);
    room.position = to;
  }

  #send(room: Room, { frame, wire_bytes, before }: SizedFrame): void {
    const { io, limits, onSlow } = this.parts;
    room.position = before;
    for (const member of room.members) {
      if (member.session.queue.waiting_bytes > limits.queued_bytes_max) {
        this.leave(member);
        onSlow(member);
      } else {
        member.session.queue.expect(wire_bytes);
        member.session.sent(frame);
      }
    }
    io.to(room.id).emit('frame', frame);
  }

  #roomOf(tenant_id: string): Room {
    const known = this.#rooms.get(tenant_id);
    if (known !== undefined) return known;
    const id = tenantKey(tenant_id, this.parts.name);
    const room: Room = { id, tenant_id, members: new Set(), position: this.position() };
    this.#rooms.set(tenant_id, room);
    return room;
  }
}

/** The last record of each key, in the order of the log. */
function latestByKey(records: readonly PushRecord[]): PushRecord[] {
  const latest = new Map<string, PushRecord>();
  for (const record of records) {
    const id = `${record.partition_id} ${record.key}`;
    latest.delete(id);
    latest.set(id, record);
  }
  return [...latest.values()];
}
