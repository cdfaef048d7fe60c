import { offset, type Offset } from '@nerveline/kernel';

/** What an environment remembers of a partition beside its batches. */
export interface PartitionEntry {
  readonly next_offset: Offset;
  readonly start_offset: Offset;
  /** The latest event time that any of its records ever had. */
  readonly latest_timestamp_ms: number;
  /** Compaction has been through everything below. */
  readonly compacted_to: Offset;
  /** Records that the last compaction kept. */
  readonly compacted_records: number;
  /** Bytes of its batches. Not a number where an earlier version wrote the entry last: see retention. */
  readonly size_bytes: number;
}

export const EMPTY_PARTITION: PartitionEntry = {
  next_offset: offset(0),
  start_offset: offset(0),
  latest_timestamp_ms: Number.NEGATIVE_INFINITY,
  compacted_to: offset(0),
  compacted_records: 0,
  size_bytes: 0,
};

export function encodePartitionEntry(entry: PartitionEntry): Buffer {
  const bytes = Buffer.alloc(48);
  bytes.writeDoubleLE(entry.next_offset, 0);
  bytes.writeDoubleLE(entry.start_offset, 8);
  bytes.writeDoubleLE(entry.latest_timestamp_ms, 16);
  bytes.writeDoubleLE(entry.compacted_to, 24);
  bytes.writeDoubleLE(entry.compacted_records, 32);
  bytes.writeDoubleLE(entry.size_bytes, 40);
  return bytes;
}

export function decodePartitionEntry(bytes: Buffer | undefined): PartitionEntry {
  if (bytes === undefined) return EMPTY_PARTITION;
  return {
    next_offset: offset(bytes.readDoubleLE(0)),
    start_offset: offset(bytes.readDoubleLE(8)),
    latest_timestamp_ms: bytes.readDoubleLE(16),
    compacted_to: offset(bytes.readDoubleLE(24)),
    compacted_records: bytes.readDoubleLE(32),
    size_bytes: bytes.length < 48 ? Number.NaN : bytes.readDoubleLE(40),
  };
}

/** Of an entry's bytes, without the rest of it. */
export const decodeNextOffset = (bytes: Buffer | undefined): number => bytes?.readDoubleLE(0) ?? 0;
