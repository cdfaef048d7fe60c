import { NervelineError, type StateWrite } from '@nerveline/kernel';
import type { LogRecord } from '../../../ports/log';
import type { WireRecord } from '../wire/broker-connection';

/*
 * A record of the changelog `SERVICE.state`: its key is the format, the group (empty for what is committed without
 * ownership), the store and the key; its value is the entry, a tombstone where it was removed.
 */
const FORMAT = 1;
const OVERHEAD_BYTES = 40;

export interface ChangelogEntry extends StateWrite {
  readonly group: string;
}

export function encodeChange(
  { store, key, value }: StateWrite,
  group: string,
): { record: WireRecord; size_bytes: number } {
  const record_key = Buffer.concat([Buffer.from([FORMAT]), Buffer.from(`${group}\0${store}\0${key}`, 'utf8')]);
  const record = { key: record_key, value, headers: [], timestamp_ms: Date.now() };
  return { record, size_bytes: record_key.length + (value?.length ?? 0) + OVERHEAD_BYTES };
}

/** @throws NervelineError `NL-LOG-006` written by a newer version */
export function decodeChange({ key, value, topic }: LogRecord): ChangelogEntry {
  const bytes = Buffer.from(key ?? new Uint8Array(0));
  if (bytes[0] !== FORMAT) {
    throw new NervelineError('NL-LOG-006', {
      detail: `${topic} is in format ${bytes[0]}, this version reads ${FORMAT}`,
    });
  }
  const text = bytes.toString('utf8', 1);
  const group_end = text.indexOf('\0');
  const store_end = text.indexOf('\0', group_end + 1);
  return {
    group: text.slice(0, group_end),
    store: text.slice(group_end + 1, store_end),
    key: text.slice(store_end + 1),
    value,
  };
}
