import { tenantKey } from '@nerveline/contracts';
import type { CardProfile } from '../domain/decide';
import type { ListChange, ListRow } from './list-change';

/** The lists as one decision sees them. */
export interface ListView {
  /** Why a card or merchant is blocked; undefined when it isn't. */
  blockReason(tenant_id: string, kind: 'card' | 'merchant', value: string): string | undefined;
  profile(tenant_id: string, card: string): CardProfile | undefined;
}

/** Where a record lies: its change is seen by everyone whose vector is beyond its offset. */
export interface ListPosition {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** Looks a row up by list and key. */
type RowOf = (list: ListRow['list'], key: string) => ListRow | undefined;

/** The questions of {@link ListView}, whatever the rows are kept in. */
export function listView(rowOf: RowOf): ListView {
  return {
    blockReason: (tenant_id, kind, value) => {
      const row = rowOf('block_list', tenantKey(tenant_id, kind, value));
      return row?.list === 'block_list' ? row.reason : undefined;
    },
    profile: (tenant_id, card) => {
      const row = rowOf('card_profiles', tenantKey(tenant_id, card));
      return row?.list === 'card_profiles' ? row.profile : undefined;
    },
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
  readonly view: ListView = listView((list, key) => this.#entries[list].get(key)?.row);
  readonly #entries = { block_list: new Map<string, Entry>(), card_profiles: new Map<string, Entry>() };
  #offsets: Readonly<Record<string, number>> = {};

  /** Next offset by `topic/partition`. A new object after each change: it can be kept. */
  get offsets(): Readonly<Record<string, number>> {
    return this.#offsets;
  }

  get sizes(): { readonly block_list: number; readonly card_profiles: number } {
    return { block_list: this.#entries.block_list.size, card_profiles: this.#entries.card_profiles.size };
  }

  /** Takes a record over; `change` is undefined for one that changes nothing. Gives the keys that are gone. */
  apply(position: ListPosition, change: ListChange | undefined): readonly string[] {
    const place = `${position.topic}/${position.partition}`;
    this.#offsets = { ...this.#offsets, [place]: position.offset + 1 };
    if (change === undefined) return [];
    const entries = this.#entries[change.list];
    switch (change.kind) {
      case 'put':
        entries.set(change.key, { partition: position.partition, row: change.row });
        return [];
      case 'remove':
        entries.delete(change.key);
        return [change.key];
      case 'clear': {
        const gone = [...entries].filter(([, { partition }]) => partition === position.partition).map(([key]) => key);
        for (const key of gone) entries.delete(key);
        return gone;
      }
    }
  }

  /** Puts back what an earlier run had taken over. */
  restore(rows: Iterable<readonly [key: string, entry: Entry]>, offsets: Readonly<Record<string, number>>): void {
    for (const [key, entry] of rows) this.#entries[entry.row.list].set(key, entry);
    this.#offsets = offsets;
  }
}
