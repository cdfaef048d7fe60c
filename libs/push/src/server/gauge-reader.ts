import type { PositionVector } from '@nerveline/contracts';
import type { PushLimits } from '../limits';
import type { GaugeCache } from './gauge-cache';
import type { LogFeed } from './log-feed';
import type { StreamPartition } from './position';
import type { PushRecord } from './push-record';
import type { Chunk, StreamReader } from './stream-reader';

/** Gauges: the latest by key from memory. A snapshot is everything since the beginning, conflated. */
export class GaugeReader implements StreamReader {
  readonly restart = 'snapshot';

  constructor(
    private readonly parts: {
      readonly partitions: readonly StreamPartition[];
      readonly feed: LogFeed;
      readonly limits: PushLimits;
      cacheOf(topic: string): GaugeCache;
    },
  ) {}

  async snapshotStart(): Promise<PositionVector> {
    return Object.fromEntries(this.parts.partitions.map(({ id }) => [id, 0]));
  }

  async next(tenant_id: string, position: PositionVector, begun_at?: PositionVector): Promise<Chunk | 'lost'> {
    const { partitions, feed, limits, cacheOf } = this.parts;
    const records: PushRecord[] = [];
    const after: Record<string, number> = { ...position };
    let bytes = 0;
    for (const { id, topic, partition } of partitions) {
      const from = position[id] ?? 0;
      const cache = cacheOf(topic);
      // At 0 the client has nothing that could have been removed.
      if (from > 0 && !cache.remembers(partition, Math.max(from, begun_at?.[id] ?? 0))) return 'lost';
      for (const record of cache.since(tenant_id, partition, from)) {
        if (bytes >= limits.frame_bytes || records.length >= limits.frame_records) return { records, position: after };
        records.push(record);
        bytes += record.wire_bytes;
        after[id] = record.offset + 1;
      }
      after[id] = feed.position(topic, partition);
    }
    return { records, position: after };
  }
}
