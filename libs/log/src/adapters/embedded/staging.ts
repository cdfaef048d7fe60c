import { offset, type Offset } from '@nerveline/kernel';
import type { EnvironmentFile } from './environment-file';
import { batchKey, partitionKey } from './keys';
import { decodePartitionEntry, encodePartitionEntry, type PartitionEntry } from './partition-entry';
import { encodeBatch, type PlacedRecord, type PreparedRecord } from './record-batch';

/** A batch is closed when it passes this: a reader that resumes inside one decodes it again. */
const MAX_BATCH_BYTES = 256 * 1024;

export type StoreName = 'partitions' | 'batches' | 'positions' | 'state';

export interface Write {
  readonly store: StoreName;
  readonly key: Buffer;
  /** `null` removes. */
  readonly value: Uint8Array | null;
}

interface StagedPartition {
  readonly topic: string;
  readonly partition: number;
  entry: PartitionEntry;
  readonly appended: PlacedRecord[];
}

/** Gathers the work of many callers into the writes of one transaction, and gives each appended record its offset. */
export class Staging {
  readonly #partitions = new Map<string, StagedPartition>();
  readonly #writes: Write[] = [];

  constructor(
    private readonly file: EnvironmentFile,
    private readonly now_ms: number,
  ) {}

  append(topic: string, partition: number, record: PreparedRecord): Offset {
    const staged = this.staged(topic, partition);
    const at = staged.entry.next_offset;
    staged.appended.push({ offset: at, record });
    staged.entry = { ...staged.entry, next_offset: offset(at + 1) };
    return at;
  }

  write(write: Write): void {
    this.#writes.push(write);
  }

  entry(topic: string, partition: number): PartitionEntry {
    return this.staged(topic, partition).entry;
  }

  setEntry(topic: string, partition: number, entry: PartitionEntry): void {
    this.staged(topic, partition).entry = entry;
  }

  /** The writes, in the order in which they were staged; batches and partitions' entries last. */
  finish(): readonly Write[] {
    for (const staged of this.#partitions.values()) {
      this.closeBatches(staged);
      const value = encodePartitionEntry(staged.entry);
      this.#writes.push({ store: 'partitions', key: partitionKey(staged.topic, staged.partition), value });
    }
    return this.#writes;
  }

  private closeBatches(staged: StagedPartition): void {
    let from = 0;
    let size = 0;
    staged.appended.forEach(({ record }, i) => {
      size += record.size_bytes;
      if (size < MAX_BATCH_BYTES && i < staged.appended.length - 1) return;
      this.closeBatch(staged, staged.appended.slice(from, i + 1));
      from = i + 1;
      size = 0;
    });
  }

  private closeBatch(staged: StagedPartition, records: readonly PlacedRecord[]): void {
    const base_offset = offset(records[0]?.offset ?? 0);
    let latest_timestamp_ms = staged.entry.latest_timestamp_ms;
    for (const { record } of records) latest_timestamp_ms = Math.max(latest_timestamp_ms, record.timestamp_ms);
    staged.entry = { ...staged.entry, latest_timestamp_ms };
    const header = {
      base_offset,
      last_offset: offset(base_offset + records.length - 1),
      record_count: records.length,
      appended_ms: this.now_ms,
      latest_timestamp_ms,
    };
    const key = batchKey(staged.topic, staged.partition, base_offset);
    this.#writes.push({ store: 'batches', key, value: encodeBatch(header, records) });
  }

  private staged(topic: string, partition: number): StagedPartition {
    const id = `${topic}/${partition}`;
    let staged = this.#partitions.get(id);
    if (staged === undefined) {
      const entry = decodePartitionEntry(this.file.partitions.get(partitionKey(topic, partition)));
      staged = { topic, partition, entry, appended: [] };
      this.#partitions.set(id, staged);
    }
    return staged;
  }
}
