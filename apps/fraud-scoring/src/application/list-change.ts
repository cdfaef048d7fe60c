import { decodeJson, topics } from '@nerveline/contracts';
import type { LogRecord } from '@nerveline/log';
import type { CardProfile } from '../domain/decide';

/** A row of one of the lists, as far as decisions use it. */
export type ListRow =
  | { readonly list: 'block_list'; readonly reason: string }
  | { readonly list: 'card_profiles'; readonly profile: CardProfile };

/** What a change record does to a list. Keys are those of the records: the tenant and the rest of the primary key. */
export type ListChange =
  | { readonly kind: 'put'; readonly list: ListRow['list']; readonly key: string; readonly row: ListRow }
  | { readonly kind: 'remove'; readonly list: ListRow['list']; readonly key: string }
  /** TRUNCATE of the table: the partition's keys are gone. */
  | { readonly kind: 'clear'; readonly list: ListRow['list'] };

/** The topics whose records decisions look things up in; their offsets make the read vector. */
export const listTopics: readonly string[] = [topics.blockList.name, topics.cardProfiles.name];

const text = new TextDecoder();

/**
 * Reads a record of a list topic; undefined for one that changes nothing (a tombstone repeats the delete ahead of it) or
 * isn't of a list.
 *
 * @throws NervelineError `NL-LOG-011`
 */
export function readListChange({ topic, key, value }: LogRecord): ListChange | undefined {
  if (value === null) return undefined;
  switch (topic) {
    case topics.blockList.name: {
      const { op, after } = decodeJson(topics.blockList, value);
      const row: ListRow | null = after && { list: 'block_list', reason: after.reason };
      return toChange('block_list', { op, key, row });
    }
    case topics.cardProfiles.name: {
      const { op, after } = decodeJson(topics.cardProfiles, value);
      const row: ListRow | null = after && { list: 'card_profiles', profile: toProfile(after) };
      return toChange('card_profiles', { op, key, row });
    }
    default:
      return undefined;
  }
}

function toChange(
  list: ListRow['list'],
  record: { readonly op: string; readonly key: Uint8Array | null; readonly row: ListRow | null },
): ListChange | undefined {
  if (record.op === 't') return { kind: 'clear', list };
  if (record.key === null) return undefined;
  const key = text.decode(record.key);
  return record.row === null ? { kind: 'remove', list, key } : { kind: 'put', list, key, row: record.row };
}

function toProfile({ home_country, payment_limit_minor, currency }: CardProfile): CardProfile {
  return { home_country, payment_limit_minor, currency };
}
