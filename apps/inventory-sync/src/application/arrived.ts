import type { topics } from '@nerveline/contracts';
import type { RecordHeaders } from '@nerveline/kernel';
import type { LogRecord } from '@nerveline/log';

/** A record whose value was checked against its topic's schema; null for a tombstone. */
export interface Arrived<Value> {
  readonly key: string | null;
  readonly value: Value | null;
  readonly headers: RecordHeaders;
}

export type EntryChange = ReturnType<typeof topics.stockLedger.schema.parse>;
export type ProductChange = ReturnType<typeof topics.products.schema.parse>;
export type ChannelChange = ReturnType<typeof topics.channels.schema.parse>;
export type RefusalChange = ReturnType<typeof topics.reservationRefusals.schema.parse>;

const text = new TextDecoder();

/** Puts records and their values together, which the log hands on side by side. */
export function arrived<Value>(
  records: readonly Pick<LogRecord, 'key' | 'headers'>[],
  values: readonly (Value | null)[],
): Arrived<Value>[] {
  return records.map(({ key, headers }, i) => ({
    key: key && text.decode(key),
    value: values[i] ?? null,
    headers,
  }));
}
