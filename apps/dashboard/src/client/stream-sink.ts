import type { PushItem, PushStreamName } from '@nerveline/contracts';

/** Where a stream's records go. `replace` means: forget what you had of this stream. */
export interface StreamSink {
  take(items: readonly PushItem[], replace: boolean): void;
}

/** Sinks of every stream that the pages use. */
export type StreamSinks = Readonly<Record<PushStreamName, StreamSink>>;
