import { NervelineError, type Offset } from '@nerveline/kernel';
import type { LogRecord } from '../../../ports/log';
import { crc32c } from '../../embedded/crc32c';
import type { FetchedBatch } from './broker-connection';
import { decompressorOf } from './compression';
import { HEADER_BYTES } from './record-batch-encoder';
import { APPENDED_HEADER, EVENT_TIME_HEADER } from './record-headers';
import { VarintReader } from './varint';

/*
 * Record batches, format 2: https://kafka.apache.org/documentation/#recordbatch. Read here and not by kafkajs, which
 * forgets batches that compaction has emptied (a reader then never gets past them), checks no checksum, and reads a
 * fifth as many records a second. On the path of every record.
 */
const LOG_APPEND_TIME = 0x08;
const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;
const LENGTH_END = 12;
const CRC_FROM = 21;

export interface Place {
  /** What the records say where they are from. */
  readonly label: string;
  readonly partition: number;
}

/** @param bytes as a broker sent them; the last batch may be cut off, which is not an error */
export async function decodeRecordBatches(bytes: Buffer, place: Place): Promise<FetchedBatch[]> {
  const batches: FetchedBatch[] = [];
  for (let at = 0; at + HEADER_BYTES <= bytes.length;) {
    const end = at + LENGTH_END + bytes.readInt32BE(at + 8);
    if (end > bytes.length) break;
    batches.push(await decodeBatch(bytes.subarray(at, end), place));
    at = end;
  }
  return batches;
}

async function decodeBatch(bytes: Buffer, place: Place): Promise<FetchedBatch> {
  const first_offset = Number(bytes.readBigInt64BE(0));
  if (crc32c(bytes.subarray(CRC_FROM)) !== bytes.readUInt32BE(17)) {
    throw new NervelineError('NL-LOG-005', {
      detail: `the batch at offset ${first_offset} of ${place.label}/${place.partition} fails its checksum`,
    });
  }
  const attributes = bytes.readInt16BE(21);
  const control = (attributes & CONTROL) !== 0;
  const batch: FetchedBatch = {
    first_offset,
    next_offset: first_offset + bytes.readInt32BE(23) + 1,
    producer_id: bytes.readBigInt64BE(43),
    transactional: (attributes & TRANSACTIONAL) !== 0,
    control,
    size_bytes: 0,
    records: [],
  };
  const count = bytes.readInt32BE(57);
  if (control || count === 0) return batch;
  const packed = bytes.subarray(HEADER_BYTES);
  const decompress = decompressorOf(attributes);
  const plain = decompress === undefined ? packed : await decompress(packed);
  const max_timestamp_ms = Number(bytes.readBigInt64BE(35));
  const times: BatchTimes = {
    first_offset,
    first_timestamp_ms: Number(bytes.readBigInt64BE(27)),
    // Where the broker stamps, it writes the bound of the batch only: each record's own event time stays beside it.
    appended_ms: (attributes & LOG_APPEND_TIME) === 0 ? undefined : max_timestamp_ms,
  };
  return { ...batch, size_bytes: plain.length, records: readRecords(plain, count, { ...place, ...times }) };
}

interface BatchTimes {
  readonly first_offset: number;
  readonly first_timestamp_ms: number;
  readonly appended_ms: number | undefined;
}

function readRecords(bytes: Buffer, count: number, batch: Place & BatchTimes): LogRecord[] {
  const { label: topic, partition, first_offset, first_timestamp_ms, appended_ms } = batch;
  const reader = new VarintReader(bytes);
  const records = new Array<LogRecord>(count);
  for (let i = 0; i < count; i += 1) {
    const end = reader.varint() + reader.at;
    // The attributes of a record are unused.
    reader.at += 1;
    const timestamp_ms = first_timestamp_ms + reader.varint();
    const at = (first_offset + reader.varint()) as Offset;
    const key = reader.view();
    const value = reader.view();
    const header_count = reader.varint();
    // One shape of object, written out: spreading halves the speed.
    if (header_count === 0) {
      const appended = appended_ms ?? timestamp_ms;
      records[i] = {
        topic,
        partition,
        offset: at,
        key,
        value,
        headers: NO_HEADERS,
        timestamp_ms,
        appended_ms: appended,
      };
    } else {
      const told = withHeaders(readHeaders(reader, header_count), timestamp_ms, appended_ms);
      const { headers, timestamp_ms: event_ms, appended_ms: appended } = told;
      records[i] = { topic, partition, offset: at, key, value, headers, timestamp_ms: event_ms, appended_ms: appended };
    }
    reader.at = end;
  }
  return records;
}

const NO_HEADERS: Readonly<Record<string, string>> = Object.freeze({});

function readHeaders(reader: VarintReader, count: number): Record<string, string> {
  const headers: Record<string, string> = {};
  for (let i = 0; i < count; i += 1) {
    const name = reader.text();
    headers[name] = reader.text();
  }
  return headers;
}

/** Takes our own headers out again. */
export function withHeaders(
  headers: Record<string, string>,
  timestamp_ms: number,
  appended_ms: number | undefined,
): Pick<LogRecord, 'headers' | 'timestamp_ms' | 'appended_ms'> {
  const { [EVENT_TIME_HEADER]: exact, [APPENDED_HEADER]: appended, ...rest } = headers;
  const event_ms = exact === undefined ? timestamp_ms : Number(exact);
  return { headers: rest, timestamp_ms: event_ms, appended_ms: appended_ms ?? Number(appended ?? timestamp_ms) };
}
