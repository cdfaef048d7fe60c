import { wrappedRecordBytes } from '@nerveline/contracts';
import { NervelineError, type OutRecord } from '@nerveline/kernel';
import { partitionFor } from '../../../partitioner';
import type { LogTopics } from '../../embedded/log-topic';
import type { WireRecord } from '../wire/broker-connection';
import { APPENDED_HEADER, EVENT_TIME_HEADER } from '../wire/record-headers';

/** A record with its place. */
export interface PlacedRecord {
  /** As the catalogue calls it. */
  readonly topic: string;
  readonly partition: number;
  readonly record: WireRecord;
  readonly size_bytes: number;
}

/** Lengths, differences and the like beside key, value and headers, at most. */
const OVERHEAD_BYTES = 40;

export interface PlacingRules {
  readonly topics: LogTopics;
  readonly service: string;
  readonly max_record_bytes: number;
}

/** Finds each record's partition, and whatever the caller did wrong, before anything is sent. */
export class RecordPlacer {
  #keyless = 0;

  constructor(private readonly rules: PlacingRules) {}

  /** @throws NervelineError `NL-LOG-001`, `NL-LOG-002`, `NL-LOG-007`, `NL-LOG-012` */
  place(out: OutRecord): PlacedRecord {
    const { topics, service, max_record_bytes } = this.rules;
    const { name, partitions, retention, wraps_records } = topics.findOwn(out.topic, service);
    const partition = out.partition ?? this.choosePartition(out.key, partitions);
    topics.findPartition(name, partition);
    const record = toWireRecord(out, retention.kind === 'compacted' ? Date.now() : undefined);
    const size_bytes = sizeOf(record);
    const largest_bytes = wraps_records === true ? wrappedRecordBytes(max_record_bytes) : max_record_bytes;
    if (size_bytes > largest_bytes) {
      throw new NervelineError('NL-LOG-007', {
        detail: `a record of ${size_bytes} bytes for ${name}, the largest is ${largest_bytes}`,
      });
    }
    return { topic: name, partition, record, size_bytes };
  }

  private choosePartition(key: string | Uint8Array | null, partitions: number): number {
    if (key !== null) return partitionFor(key, partitions);
    this.#keyless += 1;
    return this.#keyless % partitions;
  }
}

/** @param appended_ms for a topic whose brokers don't keep it */
export function toWireRecord(
  { key, value, headers, timestamp_ms }: OutRecord,
  appended_ms: number | undefined,
): WireRecord {
  const whole_ms = Math.floor(timestamp_ms);
  const wire_headers = headers === undefined ? [] : Object.entries(headers);
  if (whole_ms !== timestamp_ms) wire_headers.push([EVENT_TIME_HEADER, String(timestamp_ms)]);
  if (appended_ms !== undefined) wire_headers.push([APPENDED_HEADER, String(appended_ms)]);
  return {
    key: typeof key === 'string' ? Buffer.from(key, 'utf8') : key,
    value,
    headers: wire_headers,
    timestamp_ms: whole_ms,
  };
}

function sizeOf({ key, value, headers }: WireRecord): number {
  let size_bytes = (key?.length ?? 0) + (value?.length ?? 0) + OVERHEAD_BYTES;
  for (const [name, text] of headers) size_bytes += Buffer.byteLength(name) + Buffer.byteLength(text);
  return size_bytes;
}
