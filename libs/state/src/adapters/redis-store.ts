import { NervelineError, offset, type Offset } from '@nerveline/kernel';
import { Redis } from 'ioredis';
import type { KeyedStore, KeyedWrite, StorePosition } from '../ports/keyed-store';

/**
 * Values in a hash, keys in a sorted set for scans by prefix, positions in a hash; their names share a hash tag, so that
 * a cluster keeps them together. A writer that was paused and wakes has an older position, so it replaces nothing.
 *
 * KEYS: values, keys, positions. ARGV: place, next offset, then for each write offset, 'set' or 'del', key, value.
 */
const APPLY = `
local applied = tonumber(redis.call('HGET', KEYS[3], ARGV[1]) or '0')
if tonumber(ARGV[2]) <= applied then return 0 end
for i = 3, #ARGV, 4 do
  if tonumber(ARGV[i]) >= applied then
    if ARGV[i + 1] == 'set' then
      redis.call('HSET', KEYS[1], ARGV[i + 2], ARGV[i + 3])
      redis.call('ZADD', KEYS[2], 0, ARGV[i + 2])
    else
      redis.call('HDEL', KEYS[1], ARGV[i + 2])
      redis.call('ZREM', KEYS[2], ARGV[i + 2])
    end
  end
end
redis.call('HSET', KEYS[3], ARGV[1], ARGV[2])
return 1
`;

/** Entries that one round trip of a scan brings. */
const SCAN_ENTRIES = 500;

/** Where a projection lies. */
export interface RedisStoreOptions {
  readonly url: string;
  /** One for each projection. */
  readonly name: string;
}

/** A projection in Redis, which several instances of a service read. Rebuilt from the log when Redis has lost it. */
export class RedisStore implements KeyedStore {
  readonly #values: string;
  readonly #keys: string;
  readonly #positions: string;

  private constructor(
    private readonly redis: Redis,
    name: string,
  ) {
    this.#values = `nerveline:{${name}}:values`;
    this.#keys = `nerveline:{${name}}:keys`;
    this.#positions = `nerveline:{${name}}:positions`;
  }

  /** @throws NervelineError `NL-STA-001` */
  static async open({ url, name }: RedisStoreOptions): Promise<RedisStore> {
    // The caller retries by the error's kind; commands that queue up while Redis is away would be unbounded.
    const redis = new Redis(url, { lazyConnect: true, enableOfflineQueue: false, maxRetriesPerRequest: 1 });
    // Each command reports its own failure.
    redis.on('error', () => undefined);
    await reached(redis.connect());
    return new RedisStore(redis, name);
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    return (await reached(this.redis.hgetBuffer(this.#values, key))) ?? undefined;
  }

  async getMany(keys: readonly string[]): Promise<readonly (Uint8Array | undefined)[]> {
    if (keys.length === 0) return [];
    const values = await reached(this.redis.hmgetBuffer(this.#values, ...keys));
    return values.map((value) => value ?? undefined);
  }

  async *scan(prefix: string): AsyncGenerator<readonly [string, Uint8Array]> {
    let from = `[${prefix}`;
    for (;;) {
      const keys = await reached(this.redis.zrange(this.#keys, from, '+', 'BYLEX', 'LIMIT', 0, SCAN_ENTRIES));
      const found = keys.filter((key) => key.startsWith(prefix));
      const values = await this.getMany(found);
      for (const [i, key] of found.entries()) {
        const value = values[i];
        if (value !== undefined) yield [key, value];
      }
      const last = keys.at(-1);
      if (last === undefined || keys.length < SCAN_ENTRIES || found.length < keys.length) return;
      from = `(${last}`;
    }
  }

  async apply(writes: readonly KeyedWrite[], { topic, partition, next_offset }: StorePosition): Promise<boolean> {
    const fields = writes.flatMap(({ key, value, offset: at }) => [
      at,
      value === null ? 'del' : 'set',
      key,
      value === null ? '' : Buffer.from(value.buffer, value.byteOffset, value.byteLength),
    ]);
    const names = [this.#values, this.#keys, this.#positions];
    const place = `${topic}/${partition}`;
    return (await reached(this.redis.eval(APPLY, names.length, ...names, place, next_offset, ...fields))) === 1;
  }

  async position(topic: string, partition: number): Promise<Offset> {
    return offset(Number((await reached(this.redis.hget(this.#positions, `${topic}/${partition}`))) ?? 0));
  }

  async close(): Promise<void> {
    this.redis.disconnect();
  }
}

async function reached<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (cause) {
    throw new NervelineError('NL-STA-001', { detail: 'Redis did not carry out a command', cause });
  }
}
