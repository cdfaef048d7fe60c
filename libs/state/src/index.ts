export { LmdbStore } from './adapters/lmdb-store';
export { MemoryStore } from './adapters/memory-store';
export { RedisStore, type RedisStoreOptions } from './adapters/redis-store';
export type { KeyedStore, KeyedWrite, StorePosition } from './ports/keyed-store';
