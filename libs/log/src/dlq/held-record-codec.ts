import { decodeJson, encodeJson, heldRecord, heldRecordKey, topics, type HeldRecord } from '@nerveline/contracts';
import { offset, type OutRecord } from '@nerveline/kernel';
import type { LogRecord } from '../ports/log';

/** Names who wrote a held record or its tombstone, so that nobody need look inside. */
export const HELD_BY = 'held_by';

const toBase64 = (bytes: Uint8Array | null): string | null =>
  bytes === null ? null : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');

const fromBase64 = (text: string | null): Uint8Array | null => (text === null ? null : Buffer.from(text, 'base64'));

/** A record as it is held, every byte of it. */
export function holdRecord(
  record: LogRecord,
  why: Pick<HeldRecord, 'group' | 'reason' | 'attempts' | 'first_failed_ms' | 'held_ms' | 'failure' | 'held_by'>,
): HeldRecord {
  const { topic, partition, headers, timestamp_ms, appended_ms } = record;
  return {
    format_version: 1,
    topic,
    partition,
    offset: record.offset,
    key: toBase64(record.key),
    value: toBase64(record.value),
    headers: { ...headers },
    timestamp_ms,
    appended_ms,
    ...why,
  };
}

/** The record as it stood in its topic at first. */
export function releaseRecord(held: HeldRecord): LogRecord {
  const { topic, partition, headers, timestamp_ms, appended_ms } = held;
  const key = fromBase64(held.key);
  const value = fromBase64(held.value);
  return { topic, partition, offset: offset(held.offset), key, value, headers, timestamp_ms, appended_ms };
}

export interface HeldPlace {
  readonly topic: string;
  readonly partition: number;
}

export function heldAppend(place: HeldPlace, held: HeldRecord): OutRecord {
  const { timestamp_ms, held_by } = held;
  // All topics of this kind have one schema; the declared ones stand for it.
  const value = encodeJson(topics.fraudParked, held);
  return { ...place, key: heldRecordKey(held), value, headers: { [HELD_BY]: held_by }, timestamp_ms };
}

export function heldTombstone(place: HeldPlace, of: { key: string; held_by: string; timestamp_ms: number }): OutRecord {
  const { key, held_by, timestamp_ms } = of;
  return { ...place, key, value: null, headers: { [HELD_BY]: held_by }, timestamp_ms };
}

/** @throws NervelineError `NL-LOG-011` */
export function readHeld(record: LogRecord & { readonly value: Uint8Array }): HeldRecord {
  return decodeJson({ ...topics.fraudParked, name: record.topic, schema: heldRecord }, record.value);
}
