import { decodeJson, topics, type Change } from '@nerveline/contracts';
import type { LogRecord } from '@nerveline/log';
import type { CardProfile } from '../domain/decide';

/** A row of one of the lists, as far as decisions use it. */
export type ListRow =
  | { readonly list: 'block_list'; readonly reason: string }
  | { readonly list: 'card_profiles'; readonly profile: CardProfile };

/** What the source said of a change: its letter, and the rows as far as it told them. */
export type Told = Pick<Change<object>, 'op' | 'before' | 'after'>;

/** What a change record does to a list. Keys are those of the records: the tenant and the rest of the primary key. */
export type ListChange = { readonly list: ListRow['list'] } & (
  | { readonly kind: 'put'; readonly key: string; readonly row: ListRow; readonly told: Told }
  /** Nothing is told by a tombstone. */
  | { readonly kind: 'remove'; readonly key: string; readonly told?: Told }
  /** TRUNCATE of the table: the partition's keys are gone. */
  | { readonly kind: 'clear' }
);

/** The topics whose records decisions look things up in; their offsets make the read vector. */
export const listTopics: readonly { readonly topic: string; readonly list: ListRow['list'] }[] = [
  { topic: topics.blockList.name, list: 'block_list' },
  { topic: topics.cardProfiles.name, list: 'card_profiles' },
];

/** A record's value as its topic's schema describes it; null for a tombstone. */
export type BlockListChange = ReturnType<typeof decodeJson<typeof topics.blockList.schema>> | null;
export type CardProfileChange = ReturnType<typeof decodeJson<typeof topics.cardProfiles.schema>> | null;

const text = new TextDecoder();

/**
 * Reads a record of a list topic; undefined for one that isn't of a list.
 *
 * @throws NervelineError `NL-LOG-011`
 */
export function readListChange({ topic, key, value }: LogRecord): ListChange | undefined {
  switch (topic) {
    case topics.blockList.name:
      return blockListChange(key, value && decodeJson(topics.blockList, value));
    case topics.cardProfiles.name:
      return cardProfileChange(key, value && decodeJson(topics.cardProfiles, value));
    default:
      return undefined;
  }
}

/** What a record of the block list does. */
export function blockListChange(key: LogRecord['key'], told: BlockListChange): ListChange | undefined {
  const after = told?.after ?? null;
  return toChange('block_list', { key, told, row: after && { list: 'block_list', reason: after.reason } });
}

/** What a record of the card profiles does. */
export function cardProfileChange(key: LogRecord['key'], told: CardProfileChange): ListChange | undefined {
  const after = told?.after ?? null;
  return toChange('card_profiles', { key, told, row: after && { list: 'card_profiles', profile: toProfile(after) } });
}

/** A tombstone removes by itself: compaction takes the delete ahead of it away. */
function toChange(
  list: ListRow['list'],
  record: { readonly key: LogRecord['key']; readonly told: Told | null; readonly row: ListRow | null },
): ListChange | undefined {
  const { told, row } = record;
  if (told?.op === 't') return { kind: 'clear', list };
  if (record.key === null) return undefined;
  const key = text.decode(record.key);
  if (told === null) return { kind: 'remove', list, key };
  return row === null ? { kind: 'remove', list, key, told } : { kind: 'put', list, key, row, told };
}

function toProfile({ home_country, payment_limit_minor, currency }: CardProfile): CardProfile {
  return { home_country, payment_limit_minor, currency };
}
