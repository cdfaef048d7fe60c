import type { PositionVector } from '@nerveline/contracts';
import type { PushRecord } from './push-record';

/** Records that follow on a position, and where a client stands behind them. */
export interface Chunk {
  readonly records: readonly PushRecord[];
  readonly position: PositionVector;
}

/**
 * How a subscription that isn't live yet gets to where the feed stands. A reader never passes the feed: when a
 * subscription has reached it, the next tick is exactly what it hasn't seen.
 */
export interface StreamReader {
  /** Where a fresh snapshot for this tenant begins. */
  snapshotStart(tenant_id: string): Promise<PositionVector>;
  /**
   * The next chunk, or `lost` when what follows on the position is gone and the client needs a fresh snapshot.
   * `begun_at` is where the feed stood when the client's snapshot began, if it got one here: nothing that was removed
   * before that is shown by it, however far back in the log its snapshot still is.
   */
  next(tenant_id: string, position: PositionVector, begun_at?: PositionVector): Promise<Chunk | 'lost'>;
  /** What the fresh snapshot is called after `lost`. */
  readonly restart: 'snapshot' | 'reset';
}
