import { crc32c } from '../../embedded/crc32c';
import type { ProduceBatch, Producer, WireRecord } from './broker-connection';
import { compress, compressionCode, type Compression } from './compression';
import { varintSize, writeVarint } from './varint';

/*
 * Record batches, format 2: https://kafka.apache.org/documentation/#recordbatch. kafkajs's own encoder turns a timestamp
 * of 0 into the present, and orders timestamps as texts, so that the batch's bounds are wrong.
 */
export const HEADER_BYTES = 61;
/** The checksum covers everything from here on. */
const CRC_FROM = 21;
const TRANSACTIONAL = 0x10;
const MAGIC = 2;

/** What is smaller than this travels as it is: compressing costs more than it saves. */
const MIN_COMPRESSED_BYTES = 1_024;

export interface EncodeOptions {
  readonly producer: Producer;
  readonly compression: Compression;
}

export async function encodeRecordBatch(batch: ProduceBatch, options: EncodeOptions): Promise<Buffer> {
  const { records } = batch;
  const first_timestamp_ms = records[0]?.timestamp_ms ?? 0;
  let max_timestamp_ms = first_timestamp_ms;
  let size_bytes = 0;
  const bodies = new Int32Array(records.length);
  for (const [i, record] of records.entries()) {
    const body_bytes = bodySize(record, i, record.timestamp_ms - first_timestamp_ms);
    bodies[i] = body_bytes;
    size_bytes += varintSize(body_bytes) + body_bytes;
    if (record.timestamp_ms > max_timestamp_ms) max_timestamp_ms = record.timestamp_ms;
  }
  let bytes = Buffer.allocUnsafe(HEADER_BYTES + size_bytes);
  let at = HEADER_BYTES;
  for (const [i, record] of records.entries()) {
    at = writeVarint(bytes, at, bodies[i] ?? 0);
    at = writeBody(bytes, at, { record, index: i, timestamp_delta_ms: record.timestamp_ms - first_timestamp_ms });
  }
  const compression = size_bytes < MIN_COMPRESSED_BYTES ? 'none' : options.compression;
  if (compression !== 'none') {
    const packed = await compress(compression, bytes.subarray(HEADER_BYTES));
    bytes = Buffer.concat([bytes.subarray(0, HEADER_BYTES), packed]);
  }
  const { transactional_id, producer_id, epoch } = options.producer;
  bytes.writeBigInt64BE(0n, 0);
  bytes.writeInt32BE(bytes.length - 12, 8);
  bytes.writeInt32BE(-1, 12);
  bytes.writeInt8(MAGIC, 16);
  bytes.writeInt16BE(compressionCode(compression) | (transactional_id === null ? 0 : TRANSACTIONAL), 21);
  bytes.writeInt32BE(records.length - 1, 23);
  bytes.writeBigInt64BE(BigInt(first_timestamp_ms), 27);
  bytes.writeBigInt64BE(BigInt(max_timestamp_ms), 35);
  bytes.writeBigInt64BE(producer_id, 43);
  bytes.writeInt16BE(epoch, 51);
  bytes.writeInt32BE(batch.first_sequence, 53);
  bytes.writeInt32BE(records.length, 57);
  bytes.writeUInt32BE(crc32c(bytes.subarray(CRC_FROM)), 17);
  return bytes;
}

const bytesSize = (bytes: Uint8Array | null): number => (bytes === null ? 1 : varintSize(bytes.length) + bytes.length);

function bodySize({ key, value, headers }: WireRecord, index: number, timestamp_delta_ms: number): number {
  let size_bytes = 1 + varintSize(timestamp_delta_ms) + varintSize(index) + bytesSize(key) + bytesSize(value);
  size_bytes += varintSize(headers.length);
  for (const [name, text] of headers) {
    const name_bytes = Buffer.byteLength(name);
    const text_bytes = Buffer.byteLength(text);
    size_bytes += varintSize(name_bytes) + name_bytes + varintSize(text_bytes) + text_bytes;
  }
  return size_bytes;
}

function writeBytes(bytes: Buffer, at: number, value: Uint8Array | null): number {
  if (value === null) return writeVarint(bytes, at, -1);
  const behind = writeVarint(bytes, at, value.length);
  bytes.set(value, behind);
  return behind + value.length;
}

function writeText(bytes: Buffer, at: number, text: string): number {
  const behind = writeVarint(bytes, at, Buffer.byteLength(text));
  return behind + bytes.write(text, behind);
}

function writeBody(
  bytes: Buffer,
  at: number,
  { record, index, timestamp_delta_ms }: { record: WireRecord; index: number; timestamp_delta_ms: number },
): number {
  bytes[at] = 0;
  let position = writeVarint(bytes, at + 1, timestamp_delta_ms);
  position = writeVarint(bytes, position, index);
  position = writeBytes(bytes, position, record.key);
  position = writeBytes(bytes, position, record.value);
  position = writeVarint(bytes, position, record.headers.length);
  for (const [name, text] of record.headers) {
    position = writeText(bytes, position, name);
    position = writeText(bytes, position, text);
  }
  return position;
}
