import { offset, type Offset, type Ownership } from '@nerveline/kernel';
import type { EnvironmentFile } from './environment-file';
import { fencedOwnership, GroupTable, readLeaseGeneration } from './group-table';
import { batchKey, partitionKey } from './keys';
import { decodePartitionEntry, encodePartitionEntry, type PartitionEntry } from './partition-entry';
import { encodeBatch, type PlacedRecord, type PreparedRecord } from './record-batch';

/** A batch is closed when it passes this: a reader that resumes inside one decodes it again. */
const MAX_BATCH_BYTES = 256 * 1024;

export type StoreName = 'meta' | 'partitions' | 'batches' | 'positions' | 'state';

export interface Write {
  readonly store: StoreName;
  readonly key: Buffer;
  /** `null` removes. */
  readonly value: Uint8Array | null;
  /** Only in `meta`, where LMDB keeps it with the entry. */
  readonly version?: number;
}

interface StagedPartition {
  readonly topic: string;
  readonly partition: number;
  /** Without what is appended. */
  entry: PartitionEntry;
  readonly appended: PlacedRecord[];
}

/** Gathers the work of many callers into the writes of one transaction, and gives each appended record its offset. */
export class Staging {
  readonly #partitions = new Map<string, StagedPartition>();
  readonly #groups = new Map<string, GroupTable>();
  /** What batches that are staged anew will take, by key. */
  readonly #replaced = new Map<string, number>();
  readonly #writes: Write[] = [];
  #last: StagedPartition | undefined;

  constructor(
    readonly file: EnvironmentFile,
    private readonly now_ms: number,
  ) {}

  append(topic: string, partition: number, record: PreparedRecord): Offset {
    const staged = this.staged(topic, partition);
    const at = offset(staged.entry.next_offset + staged.appended.length);
    staged.appended.push({ offset: at, record });
    return at;
  }

  write(write: Write): void {
    this.#writes.push(write);
  }

  /** The partition's entry as this transaction will leave it. */
  entry(topic: string, partition: number): PartitionEntry {
    const { entry, appended } = this.staged(topic, partition);
    return { ...entry, next_offset: offset(entry.next_offset + appended.length) };
  }

  changeEntry(topic: string, partition: number, change: Partial<Omit<PartitionEntry, 'next_offset'>>): void {
    const staged = this.staged(topic, partition);
    staged.entry = { ...staged.entry, ...change };
  }

  /** @param replacement without a value, the batch goes */
  replaceBatch(replacement: {
    readonly topic: string;
    readonly partition: number;
    readonly key: Buffer;
    readonly value: Buffer | undefined;
  }): void {
    const { topic, partition, key, value } = replacement;
    const { size_bytes } = this.staged(topic, partition).entry;
    const id = key.toString('latin1');
    const before = this.#replaced.get(id) ?? this.file.batches.get(key)?.length ?? 0;
    this.#replaced.set(id, value?.length ?? 0);
    this.changeEntry(topic, partition, { size_bytes: size_bytes + (value?.length ?? 0) - before });
    this.#writes.push({ store: 'batches', key, value: value ?? null });
  }

  /** A group as this transaction will leave it. */
  group(name: string): GroupTable {
    const table = this.#groups.get(name) ?? GroupTable.read(this.file, name);
    this.#groups.set(name, table);
    return table;
  }

  /** @throws NervelineError `NL-LOG-004` when the partition has gone to somebody else */
  checkOwnership(ownership: Ownership): void {
    const { group, partition, generation } = ownership;
    const changed = this.#groups.get(group);
    const holds =
      changed === undefined
        ? readLeaseGeneration(this.file, group, partition) === generation
        : changed.isHeldUnder(ownership);
    if (!holds) throw fencedOwnership(ownership);
  }

  /** The writes, in the order in which they were staged; batches and partitions' entries last. */
  finish(): readonly Write[] {
    for (const group of this.#groups.values()) this.#writes.push(...group.finish());
    for (const staged of this.#partitions.values()) {
      this.closeBatches(staged);
      const value = encodePartitionEntry(this.entry(staged.topic, staged.partition));
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
    const value = encodeBatch(header, records);
    staged.entry = { ...staged.entry, size_bytes: staged.entry.size_bytes + value.length };
    this.#writes.push({ store: 'batches', key, value });
  }

  private staged(topic: string, partition: number): StagedPartition {
    // The records of an append mostly go where the last one went.
    const last = this.#last;
    if (last?.topic === topic && last.partition === partition) return last;
    this.#last = this.find(topic, partition);
    return this.#last;
  }

  private find(topic: string, partition: number): StagedPartition {
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
