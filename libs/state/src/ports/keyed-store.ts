import type { Offset } from '@nerveline/kernel';

/** One write of a projection, caused by one record. */
export interface KeyedWrite {
  readonly key: string;
  /** `null` removes the key. */
  readonly value: Uint8Array | null;
  /** Offset of the record that caused it: a write below the store's position was applied before, and is dropped. */
  readonly offset: Offset;
}

/** How far a store has applied one input partition: everything below `next_offset`. */
export interface StorePosition {
  readonly topic: string;
  readonly partition: number;
  readonly next_offset: Offset;
}

/**
 * Keyed state that is made from records and remembers how far it has come: writes and position change in one step, so
 * records that come again after a crash change nothing. Writers of one input partition take turns; readers may be many.
 *
 * Values that are computed from what is stored (a counter) must skip the records below {@link position}; values that
 * stand in the record needn't look.
 */
export interface KeyedStore {
  get(key: string): Promise<Uint8Array | undefined>;

  /** In the order of the keys. */
  getMany(keys: readonly string[]): Promise<readonly (Uint8Array | undefined)[]>;

  /** Entries whose keys begin with `prefix`, ordered by the bytes of their keys. Not a snapshot while writes go on. */
  scan(prefix: string): AsyncIterable<readonly [key: string, value: Uint8Array]>;

  /**
   * Applies the writes that aren't below the stored position, in their order, and moves it to `position`.
   *
   * @returns false when everything had been applied before
   * @throws NervelineError `NL-STA-001` when the store can't be reached; what the durable one's commit throws
   */
  apply(writes: readonly KeyedWrite[], position: StorePosition): Promise<boolean>;

  /** The first offset that has not been applied: 0 for a partition that it has seen nothing of. */
  position(topic: string, partition: number): Promise<Offset>;

  close(): Promise<void>;
}
