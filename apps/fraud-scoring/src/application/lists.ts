import { tenantKey } from '@nerveline/contracts';
import type { State } from '../domain/decide';
import type { ListChange, ListRow } from './list-change';

/** What the lists say of one payment. */
export type ListsSeen = Pick<State, 'profile' | 'card_block' | 'merchant_block'>;

/** What a decision asks the lists about. */
export interface Listed {
  readonly tenant_id: string;
  readonly card: string;
  readonly merchant_id: string;
}

/** Where a record lies: its change is seen by everyone whose vector is beyond its offset. */
export interface ListPosition {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** Looks a row up by list and key. */
type RowOf = (list: ListRow['list'], key: string) => ListRow | undefined;

/** Asks the lists everything that a decision wants to know, whatever their rows are kept in. */
export function seeLists(rowOf: RowOf, { tenant_id, card, merchant_id }: Listed): ListsSeen {
  const profile = rowOf('card_profiles', tenantKey(tenant_id, card));
  const blockReason = (kind: 'card' | 'merchant', value: string): string | undefined => {
    const row = rowOf('block_list', tenantKey(tenant_id, kind, value));
    return row?.list === 'block_list' ? row.reason : undefined;
  };
  return {
    profile: profile?.list === 'card_profiles' ? profile.profile : undefined,
    card_block: blockReason('card', card),
    merchant_block: blockReason('merchant', merchant_id),
  };
}

interface Entry {
  readonly partition: number;
  readonly row: ListRow;
}

/**
 * The lists as they are now, in memory: some 200 bytes for each row of the two tables. A change and the offset that stands
 * for it become visible in one synchronous step, so a decision's read vector is exactly what it saw.
 */
export class Lists {
  readonly #entries = { block_list: new Map<string, Entry>(), card_profiles: new Map<string, Entry>() };
  #offsets: Readonly<Record<string, number>> = {};

  /** Next offset by `topic/partition`. A new object after each change: it can be kept. */
  get offsets(): Readonly<Record<string, number>> {
    return this.#offsets;
  }

  get sizes(): { readonly block_list: number; readonly card_profiles: number } {
    return { block_list: this.#entries.block_list.size, card_profiles: this.#entries.card_profiles.size };
  }

  /** What a decision that is made now sees. */
  see(listed: Listed): ListsSeen {
    return seeLists((list, key) => this.#entries[list].get(key)?.row, listed);
  }

  /** Takes a record over; `change` is undefined for one that changes nothing. */
  apply(position: ListPosition, change: ListChange | undefined): void {
    const place = `${position.topic}/${position.partition}`;
    this.#offsets = { ...this.#offsets, [place]: position.offset + 1 };
    if (change === undefined) return;
    const entries = this.#entries[change.list];
    switch (change.kind) {
      case 'put':
        entries.set(change.key, { partition: position.partition, row: change.row });
        return;
      case 'remove':
        entries.delete(change.key);
        return;
      case 'clear':
        for (const [key, { partition }] of entries) if (partition === position.partition) entries.delete(key);
    }
  }

  /** Puts back what an earlier run had taken over. */
  restore(rows: Iterable<readonly [key: string, entry: Entry]>, offsets: Readonly<Record<string, number>>): void {
    for (const [key, entry] of rows) this.#entries[entry.row.list].set(key, entry);
    this.#offsets = offsets;
  }
}
