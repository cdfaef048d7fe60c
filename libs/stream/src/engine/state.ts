/** What an operator needs of a keyed store: a part of `Map`, so that in memory there is nothing between. */
export interface StateMap<K, V> {
  readonly size: number;
  get(key: K): V | undefined;
  set(key: K, value: V): unknown;
  delete(key: K): boolean;
  has(key: K): boolean;
  keys(): IterableIterator<K>;
  values(): IterableIterator<V>;
  entries(): IterableIterator<[K, V]>;
}

/**
 * Where operators keep what they know: everything that must survive a crash stands here, as plain data. The one in memory
 * is first; one over LMDB with a changelog fits behind the same port.
 */
export interface StateBackend {
  /** A keyed store; the same one for the same name. */
  map<K, V>(name: string): StateMap<K, V>;
  /** A single value that is changed in place. */
  cell<T extends object>(name: string, create: () => T): T;
  /** A copy of everything. */
  snapshot(): StateSnapshot;
  /** Goes back to a copy; to nothing without one. Cells and maps stay the same objects. */
  restore(snapshot: StateSnapshot | undefined): void;
}

export interface StateSnapshot {
  readonly maps: ReadonlyMap<string, ReadonlyMap<unknown, unknown>>;
  readonly cells: ReadonlyMap<string, object>;
}

export class MemoryState implements StateBackend {
  readonly #maps = new Map<string, Map<unknown, unknown>>();
  readonly #cells = new Map<string, { readonly value: object; readonly create: () => object }>();

  /** Names of its maps. */
  names(): readonly string[] {
    return [...this.#maps.keys()];
  }

  map<K, V>(name: string): StateMap<K, V> {
    const map = this.#maps.get(name) ?? new Map<unknown, unknown>();
    this.#maps.set(name, map);
    return map as Map<K, V>;
  }

  cell<T extends object>(name: string, create: () => T): T {
    const known = this.#cells.get(name);
    if (known !== undefined) return known.value as T;
    const value = create();
    this.#cells.set(name, { value, create });
    return value;
  }

  snapshot(): StateSnapshot {
    const cells = new Map([...this.#cells].map(([name, { value }]) => [name, value]));
    // In one call: a timer that refers to a session still refers to it in the copy.
    return structuredClone({ maps: this.#maps, cells });
  }

  restore(snapshot: StateSnapshot | undefined): void {
    const copy = structuredClone(snapshot);
    for (const [name, map] of this.#maps) {
      map.clear();
      for (const [key, value] of copy?.maps.get(name) ?? []) map.set(key, value);
    }
    for (const [name, { value, create }] of this.#cells) Object.assign(value, copy?.cells.get(name) ?? create());
  }
}
