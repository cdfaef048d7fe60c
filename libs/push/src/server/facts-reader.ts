import type { PositionVector, Topic } from '@nerveline/contracts';
import { invariant, isNervelineError, offset } from '@nerveline/kernel';
import type { PushLimits } from '../limits';
import type { RecordSource } from '../ports/record-source';
import type { LogFeed } from './log-feed';
import type { StreamPartition } from './position';
import { mergeByAppend, PushRecord } from './push-record';
import type { Chunk, StreamReader } from './stream-reader';

/** A snapshot looks at this many times its records before it takes fewer: others' records may lie between. */
const SNAPSHOT_SCAN_FACTOR_MAX = 16;

/** What was read of one partition, up to the feed at most. */
interface PartitionRead {
  readonly id: string;
  readonly records: readonly PushRecord[];
  /** Where the partition stands when all records are taken. */
  readonly next: number;
  readonly exhausted: boolean;
}

/** Facts: every record, from the log itself. A snapshot is the last records of the tenant. */
export class FactsReader implements StreamReader {
  readonly restart = 'reset';
  readonly #topics: ReadonlyMap<string, Topic>;

  constructor(
    private readonly parts: {
      readonly topics: readonly Topic[];
      readonly partitions: readonly StreamPartition[];
      readonly snapshot_records: number;
      readonly source: RecordSource;
      readonly feed: LogFeed;
      readonly limits: PushLimits;
    },
  ) {
    this.#topics = new Map(parts.topics.map((topic) => [topic.name, topic]));
  }

  async snapshotStart(tenant_id: string): Promise<PositionVector> {
    const { partitions, snapshot_records } = this.parts;
    const lists: PushRecord[][] = [];
    const start: Record<string, number> = {};
    for (const partition of partitions) {
      const { records, next } = await this.#last(partition, tenant_id);
      start[partition.id] = next;
      lists.push(records);
    }
    // From here on the client reads all of a partition that lies behind its first record of the snapshot.
    for (const record of mergeByAppend(lists).slice(-snapshot_records).reverse()) {
      start[record.partition_id] = record.offset;
    }
    return start;
  }

  async next(tenant_id: string, position: PositionVector): Promise<Chunk | 'lost'> {
    const { partitions, limits } = this.parts;
    const open = partitions.filter((partition) => (position[partition.id] ?? 0) < this.#fed(partition));
    const max_bytes = Math.ceil(limits.frame_bytes / Math.max(1, open.length));
    const reads: PartitionRead[] = [];
    try {
      for (const partition of open) reads.push(await this.#read(partition, position[partition.id] ?? 0, max_bytes));
    } catch (error) {
      if (isNervelineError(error, 'NL-LOG-009')) return 'lost';
      throw error;
    }
    return takeInOrder(reads, position, tenant_id);
  }

  async #read(partition: StreamPartition, from: number, max_bytes: number): Promise<PartitionRead> {
    const { topic } = partition;
    const batch = await this.parts.source.read({
      topic,
      partition: partition.partition,
      from: offset(from),
      max_bytes,
    });
    const fed = this.#fed(partition);
    const records = batch.records.filter((record) => record.offset < fed).map((record) => this.#wrap(record));
    const next = Math.min(batch.next_offset, fed);
    return { id: partition.id, records, next, exhausted: next === fed };
  }

  /** The tenant's last records of one partition, at most as many as a snapshot has. */
  async #last({ topic, partition, id }: StreamPartition, tenant_id: string) {
    const { source, snapshot_records, limits } = this.parts;
    const next = this.#fed({ topic, partition, id });
    if (next === 0) return { records: [], next };
    const { start_offset } = await source.tail(topic, partition);
    for (let factor = 1; ; factor *= 4) {
      const from = Math.max(start_offset, next - snapshot_records * factor);
      const records: PushRecord[] = [];
      for (let at = from; at < next;) {
        const batch = await source.read({ topic, partition, from: offset(at), max_bytes: limits.read_bytes });
        for (const record of batch.records) {
          const wrapped = this.#wrap(record);
          if (record.offset < next && wrapped.tenant_id === tenant_id) records.push(wrapped);
        }
        at = batch.next_offset;
      }
      const enough = records.length >= snapshot_records || from === start_offset;
      if (enough || factor >= SNAPSHOT_SCAN_FACTOR_MAX) return { records: records.slice(-snapshot_records), next };
    }
  }

  #fed({ topic, partition }: StreamPartition): number {
    return this.parts.feed.position(topic, partition);
  }

  #wrap(record: ConstructorParameters<typeof PushRecord>[1]): PushRecord {
    const topic = this.#topics.get(record.topic);
    invariant(topic !== undefined, `${record.topic} is not a topic of this stream`);
    return new PushRecord(topic, record);
  }
}

/**
 * Takes what is surely next by time of append: beyond the last record of a partition that has more to read, something
 * older may still come.
 */
function takeInOrder(reads: readonly PartitionRead[], position: PositionVector, tenant_id: string): Chunk {
  const unfinished = reads.filter(({ exhausted }) => !exhausted);
  const until_ms = Math.min(...unfinished.map(({ records }) => records.at(-1)?.appended_ms ?? Infinity));
  const after: Record<string, number> = { ...position };
  const taken: PushRecord[][] = [];
  for (const { id, records, next } of reads) {
    const later = records.findIndex(({ appended_ms }) => appended_ms > until_ms);
    after[id] = later < 0 ? next : (records[later]?.offset ?? next);
    taken.push((later < 0 ? records : records.slice(0, later)).filter((record) => record.tenant_id === tenant_id));
  }
  return { records: mergeByAppend(taken), position: after };
}
