/** Every bound of push, with its unit. */
export interface PushLimits {
  /** Records that arrive within one tick travel in one frame. The tick grows with the load, up to this. */
  readonly tick_ms_max: number;
  /** A frame is closed behind the record that passes either bound. */
  readonly frame_bytes: number;
  readonly frame_records: number;
  /** What one read from the log takes at most. */
  readonly read_bytes: number;
  /**
   * What may wait for one client in this process. One that is over it gets nothing more until it has taken it, and then
   * goes on from the log: gauges conflated, facts from where it stands.
   */
  readonly queued_bytes_max: number;
  /** A client that takes nothing for so long while something waits for it is dropped. */
  readonly stall_ms: number;
  /** What the latest values of one topic may take in memory. */
  readonly gauge_bytes_max: number;
  /** Removed keys of one partition that are remembered, so that a client that was away hears of them. */
  readonly tombstones_max: number;
  /**
   * The log keeps a tombstone for at least so long. Where compaction left a gap that may be older, a removal may be
   * missing, and a client that stands before it begins afresh.
   */
  readonly tombstones_kept_ms: number;
  /** A topic that nobody watches is followed for so long, so that a page that is reloaded costs nothing. */
  readonly linger_ms: number;
  readonly clients_max: number;
  /** Events that a client may send, sustained and at once. */
  readonly requests_per_s: number;
  readonly request_burst: number;
  /** The largest message that a client may send. */
  readonly message_bytes_max: number;
}

/** The limits of a {@link PushHub} that isn't told otherwise. */
export const defaultPushLimits: PushLimits = Object.freeze({
  tick_ms_max: 20,
  frame_bytes: 128 * 1024,
  frame_records: 500,
  read_bytes: 256 * 1024,
  queued_bytes_max: 256 * 1024,
  stall_ms: 10_000,
  gauge_bytes_max: 64 * 1024 * 1024,
  tombstones_max: 10_000,
  // Both logs keep them for a day; the hour is for clocks that differ.
  tombstones_kept_ms: 23 * 3_600_000,
  linger_ms: 60_000,
  clients_max: 2_000,
  requests_per_s: 20,
  request_burst: 60,
  message_bytes_max: 1024 * 1024,
});
