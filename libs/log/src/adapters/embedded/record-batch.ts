import { NervelineError, offset, type Offset, type RecordHeaders } from '@nerveline/kernel';
import type { ByteRange } from './batch-cursor';
import { crc32c } from './crc32c';
import { TextSlab, type EncodedHeaders } from './text-slab';

/*
 * A batch: consecutive records of one partition in one value, with one checksum. All numbers little-endian.
 *
 *    0  u8   format version (1)
 *    1  u8   zero
 *    2  u16  zero
 *    4  u32  CRC-32C of everything behind it
 *    8  f64  offset of the first record that it was written with
 *   16  u32  last offset minus the first; compaction leaves it as it is
 *   20  u32  records in it
 *   24  f64  wall time of the append, ms
 *   32  f64  latest event time in the partition up to this batch's end, ms: never falls, so offsets can be searched by time
 *   40       records: varint offset minus the first; f64 event time; varint key length + 1 (0 is null), key;
 *            varint value length + 1 (0 is null), value; varint number of headers, each two texts with varint lengths
 */
const FORMAT_VERSION = 1;
const CRC_AT = 4;
const BODY_AT = 8;
export const RECORDS_AT = 40;

/** A record on its way in, checked, its texts turned to bytes. */
export interface PreparedRecord {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: EncodedHeaders;
  readonly timestamp_ms: number;
  /** What the record takes in a batch, at most. */
  readonly size_bytes: number;
}

/** What stands in front of a batch's records. */
export interface BatchHeader {
  readonly base_offset: Offset;
  readonly last_offset: Offset;
  readonly record_count: number;
  readonly appended_ms: number;
  readonly latest_timestamp_ms: number;
}

export interface PlacedRecord {
  readonly offset: number;
  readonly record: PreparedRecord;
}

/** Of all records of this process: what it holds is on its way into a batch. */
const texts = new TextSlab();

export function prepareRecord(record: {
  readonly key: string | Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers?: RecordHeaders;
  readonly timestamp_ms: number;
}): PreparedRecord {
  const key = typeof record.key === 'string' ? texts.encode(record.key) : record.key;
  const headers = texts.headers(record.headers);
  const body_bytes = (key?.length ?? 0) + (record.value?.length ?? 0) + headers.text_bytes;
  const size_bytes = 28 + 10 * headers.count + body_bytes;
  return { key, value: record.value, headers, timestamp_ms: record.timestamp_ms, size_bytes };
}

export function encodeBatch(header: BatchHeader, records: readonly PlacedRecord[]): Buffer {
  let size = RECORDS_AT;
  for (const { record } of records) size += record.size_bytes;
  const bytes = Buffer.allocUnsafe(size);
  bytes.fill(0, 0, BODY_AT);
  bytes.writeUInt8(FORMAT_VERSION, 0);
  bytes.writeDoubleLE(header.base_offset, 8);
  bytes.writeUInt32LE(header.last_offset - header.base_offset, 16);
  bytes.writeUInt32LE(records.length, 20);
  bytes.writeDoubleLE(header.appended_ms, 24);
  bytes.writeDoubleLE(header.latest_timestamp_ms, 32);
  const writer = new ByteWriter(bytes, RECORDS_AT);
  for (const { offset: at, record } of records) {
    writer.varint(at - header.base_offset);
    writer.float64(record.timestamp_ms);
    writer.nullable(record.key);
    writer.nullable(record.value);
    writer.varint(record.headers.count);
    writer.raw(record.headers.bytes);
  }
  const batch = bytes.subarray(0, writer.at);
  batch.writeUInt32LE(crc32c(batch.subarray(BODY_AT)), CRC_AT);
  return batch;
}

/**
 * Checks format version and checksum, and reads what stands in front of the records.
 *
 * @param where names the batch in the error: `topic/partition at offset`
 * @throws NervelineError `NL-LOG-005`, `NL-LOG-006`
 */
export function readBatchHeader(batch: Buffer, where: string): BatchHeader {
  if (batch.length < RECORDS_AT) throw new NervelineError('NL-LOG-005', { detail: `${where}: the batch is cut off` });
  const version = batch.readUInt8(0);
  if (batch.readUInt32LE(CRC_AT) !== crc32c(batch.subarray(BODY_AT))) {
    throw new NervelineError('NL-LOG-005', { detail: `${where}: the batch fails its checksum` });
  }
  if (version !== FORMAT_VERSION) {
    throw new NervelineError('NL-LOG-006', { detail: `${where}: batch format ${version}, this version reads 1` });
  }
  return peekBatchHeader(batch);
}

/** The same without checks, for a search that reads the batch properly once it found it. */
export function peekBatchHeader(batch: Buffer): BatchHeader {
  const base_offset = offset(batch.readDoubleLE(8));
  return {
    base_offset,
    last_offset: offset(base_offset + batch.readUInt32LE(16)),
    record_count: batch.readUInt32LE(20),
    appended_ms: batch.readDoubleLE(24),
    latest_timestamp_ms: batch.readDoubleLE(32),
  };
}

/** The batch with the records in some of its bytes only; undefined without any. */
export function cutBatch(cut: {
  readonly batch: Buffer;
  readonly ranges: readonly ByteRange[];
  readonly count: number;
}): Buffer | undefined {
  const { batch, ranges, count } = cut;
  if (count === 0) return undefined;
  const kept = Buffer.concat([
    batch.subarray(0, RECORDS_AT),
    ...ranges.map(({ from, to }) => batch.subarray(from, to)),
  ]);
  kept.writeUInt32LE(count, 20);
  kept.writeUInt32LE(crc32c(kept.subarray(BODY_AT)), CRC_AT);
  return kept;
}

class ByteWriter {
  constructor(
    private readonly bytes: Buffer,
    public at: number,
  ) {}

  varint(value: number): void {
    let rest = value;
    while (rest > 0x7f) {
      this.bytes[this.at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.bytes[this.at++] = rest;
  }

  float64(value: number): void {
    this.at = this.bytes.writeDoubleLE(value, this.at);
  }

  raw(value: Uint8Array): void {
    this.bytes.set(value, this.at);
    this.at += value.length;
  }

  nullable(value: Uint8Array | null): void {
    this.varint(value === null ? 0 : value.length + 1);
    if (value !== null) this.raw(value);
  }
}
