import {
  pushStreams,
  type ClientToServerEvents,
  type PositionVector,
  type PushItem,
  type PushStreamName,
  type ServerToClientEvents,
} from '@nerveline/contracts';
import type { TestPlatform } from '@nerveline/testing';
import { io, type Socket } from 'socket.io-client';

/** Reads streams as a page does: a snapshot, then deltas, and after a lost connection on from where it was. */
export class PageClient implements Disposable {
  readonly #socket: Socket<ServerToClientEvents, ClientToServerEvents>;
  readonly #positions = new Map<PushStreamName, PositionVector>();
  readonly resets: PushStreamName[] = [];

  constructor(platform: TestPlatform, streams: Partial<Record<PushStreamName, (item: PushItem) => void>>) {
    this.#socket = io(platform.dashboard_url, { auth: { token: platform.token }, transports: ['websocket'] });
    this.#socket.on('connect', () => {
      for (const stream of Object.keys(streams) as PushStreamName[]) {
        this.#socket.emit(
          'subscribe',
          { stream, from: this.#positions.get(stream) ?? beginningOf(stream) },
          () => undefined,
        );
      }
    });
    this.#socket.on('frame', ({ stream, kind, items, position }) => {
      if (kind === 'reset') this.resets.push(stream);
      // A delta names the partitions that it moved.
      this.#positions.set(stream, kind === 'delta' ? { ...this.#positions.get(stream), ...position } : position);
      for (const item of items) streams[stream]?.(item);
    });
  }

  [Symbol.dispose](): void {
    this.#socket.disconnect();
  }
}

/** Facts from the first one on, so that none is missed before the page was open; gauges as they are. */
function beginningOf(stream: PushStreamName): PositionVector | null {
  const { kind, topics } = pushStreams[stream];
  if (kind === 'gauge') return null;
  const places = topics.flatMap(({ name, partitions }) => Array.from({ length: partitions }, (_, i) => `${name}/${i}`));
  return Object.fromEntries(places.map((place) => [place, 0]));
}
