import type { StateWrite } from '@nerveline/kernel';
import type { StateReader } from '@nerveline/log';
import type { ListRow } from './list-change';
import { decodeStored, encodeStored } from './stored-value';

/** A list's row as it is kept. */
export interface KeptRow {
  readonly partition: number;
  readonly row: ListRow;
}

/**
 * The lists' rows as they are kept, with what one step changes of them. It looks at what is durable, not at the lists in
 * memory: those have taken a batch already whose commit is tried again.
 */
export class KeptRows {
  readonly #changed = new Map<string, KeptRow | null>();

  constructor(
    private readonly list: ListRow['list'],
    private readonly state: StateReader,
  ) {}

  get(key: string): KeptRow | undefined {
    const changed = this.#changed.get(key);
    if (changed !== undefined) return changed ?? undefined;
    const stored = this.state.get(this.list, key);
    return stored && decodeStored<KeptRow>(stored);
  }

  set(key: string, row: KeptRow | null): void {
    this.#changed.set(key, row);
  }

  /** Every row, in the order of the keys that were there before this step. */
  *all(): Generator<readonly [key: string, kept: KeptRow]> {
    for (const [key, stored] of this.state.scan(this.list, '')) {
      if (!this.#changed.has(key)) yield [key, decodeStored<KeptRow>(stored)];
    }
    for (const [key, row] of this.#changed) if (row !== null) yield [key, row];
  }

  /** What makes the step durable. */
  get writes(): StateWrite[] {
    return [...this.#changed].map(([key, row]) => ({
      store: this.list,
      key,
      value: row === null ? null : encodeStored(row),
    }));
  }
}
