import { offset } from '@nerveline/kernel';
import { openLog, type LogTopic } from '@nerveline/log';
import { LmdbStore, MemoryStore, RedisStore } from '@nerveline/state';
import { createTempDirectory, describeWith } from '@nerveline/testing';
import { randomUUID } from 'node:crypto';
import { describeStateContract } from './state-contract';

const catalogue: readonly LogTopic[] = [
  { name: 'out', partitions: 1, owner: 'service', retention: { kind: 'age', retention_ms: 3_600_000 } },
];

const openLogPlace = async () => {
  const directory = await createTempDirectory();
  const open = () => openLog({ data_directory: directory.path, service: 'service', catalogue });
  return { directory, open };
};

describeStateContract('memory', async () => ({
  open: async () => new MemoryStore(),
  [Symbol.asyncDispose]: async () => undefined,
}));

describeStateContract('lmdb', async () => {
  const { directory, open } = await openLogPlace();
  const log = await open();
  return {
    open: async (name) => new LmdbStore(log, name),
    async [Symbol.asyncDispose]() {
      await log.close();
      await directory[Symbol.asyncDispose]();
    },
  };
});

describe('lmdb state', () => {
  test('rides in the commit of a step: record, state and position are there together after a restart', async () => {
    const { directory, open } = await openLogPlace();
    await using _directory = directory;
    const first = await open();
    const store = new LmdbStore(first, 'levels');
    const state = store.stage([{ key: 'k', value: Buffer.from('1'), offset: offset(4) }], {
      topic: 't',
      partition: 0,
      next_offset: offset(5),
    });
    await first.commit({ state, appends: [{ topic: 'out', key: 'k', value: Buffer.from('1'), timestamp_ms: 0 }] });
    await first.close();
    const second = await open();
    const again = new LmdbStore(second, 'levels');
    expect(Buffer.from((await again.get('k')) ?? []).toString()).toBe('1');
    expect(await again.position('t', 0)).toBe(5);
    expect(
      again.stage([{ key: 'k', value: null, offset: offset(4) }], { topic: 't', partition: 0, next_offset: offset(5) }),
    ).toEqual([]);
    expect((await second.tail('out', 0)).next_offset).toBe(1);
    await second.close();
  });
});

describeWith('redis-server', 'redis', (url) => {
  describeStateContract('redis', async () => {
    // Names of their own for each test: they share a server.
    const run = randomUUID();
    const stores: RedisStore[] = [];
    return {
      async open(name) {
        const store = await RedisStore.open({ url, name: `${run}.${name}` });
        stores.push(store);
        return store;
      },
      async [Symbol.asyncDispose]() {
        for (const store of stores) await store.close();
      },
    };
  });

  test('a writer that was paused and wakes replaces nothing, and every instance reads the newer value', async () => {
    const name = randomUUID();
    const [paused, successor] = [await RedisStore.open({ url, name }), await RedisStore.open({ url, name })];
    const at = (next_offset: number) => ({ topic: 't', partition: 0, next_offset: offset(next_offset) });
    await successor.apply([{ key: 'k', value: Buffer.from('newer'), offset: offset(9) }], at(10));
    expect(await paused.apply([{ key: 'k', value: Buffer.from('older'), offset: offset(4) }], at(5))).toBe(false);
    expect(Buffer.from((await paused.get('k')) ?? []).toString()).toBe('newer');
    await paused.close();
    await expect(paused.get('k')).rejects.toMatchObject({ code: 'NL-STA-001', retriable: true });
    await successor.close();
  });
});
