import { topics } from '@nerveline/contracts';
import { offset } from '@nerveline/kernel';
import fc from 'fast-check';
import { defaultPushLimits } from '../limits';
import { GaugeCache } from './gauge-cache';
import { PushRecord } from './push-record';

const put = (at: number, key: string, value: Uint8Array | null = new Uint8Array(10)) =>
  new PushRecord(topics.channelStock, {
    topic: 'inventory.channel_stock',
    partition: 0,
    offset: offset(at),
    key: Buffer.from(`demo/${key}`),
    value,
    headers: {},
    timestamp_ms: 0,
    appended_ms: 0,
  });

const open = (limits: Partial<typeof defaultPushLimits> = {}) =>
  new GaugeCache(topics.channelStock, { ...defaultPushLimits, ...limits });

const since = (cache: GaugeCache, from: number) =>
  [...cache.since('demo', 0, from)].map(
    ({ offset: at, key, is_tombstone }) => `${at} ${key}${is_tombstone ? ' gone' : ''}`,
  );

test('it keeps the latest of each key, and removals, in the order of the log', () => {
  const cache = open();
  cache.apply([put(0, 'a'), put(1, 'b'), put(2, 'c'), put(3, 'a'), put(4, 'b', null)]);
  expect(since(cache, 0)).toEqual(['2 demo/c', '3 demo/a', '4 demo/b gone']);
  expect(since(cache, 3)).toEqual(['3 demo/a', '4 demo/b gone']);
  expect([...cache.since('other', 0, 0)]).toEqual([]);
});

test('a key that comes back is not gone any more', () => {
  const cache = open();
  cache.apply([put(0, 'a'), put(1, 'a', null), put(2, 'a')]);
  expect(since(cache, 0)).toEqual(['2 demo/a']);
});

test('whatever is forgotten is said to be forgotten', () => {
  const cache = open({ tombstones_max: 2 });
  cache.apply([put(0, 'a', null), put(1, 'b', null), put(2, 'c', null)]);
  expect(since(cache, 0)).toEqual(['1 demo/b gone', '2 demo/c gone']);
  expect(cache.remembers(0, 0)).toBe(false);
  expect(cache.remembers(0, 1)).toBe(true);
});

test('a topic that outgrows its bound is refused rather than half told', () => {
  const cache = open({ gauge_bytes_max: 1_000 });
  for (let n = 0; n < 10; n += 1) cache.apply([put(n, `key-${n}`)]);
  expect(() => since(cache, 0)).toThrow(expect.objectContaining({ code: 'NL-PSH-006' }));
});

test('an update of a key does not count twice against the bound', () => {
  const cache = open({ gauge_bytes_max: 1_000 });
  for (let n = 0; n < 1_000; n += 1) cache.apply([put(n, 'a')]);
  expect(since(cache, 0)).toEqual(['999 demo/a']);
});

test('what a client gets from any position makes its own view the latest one', () => {
  const writes = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd'), fc.boolean()), { maxLength: 40 });
  fc.assert(
    fc.property(writes, fc.nat(40), (log, seen) => {
      const cache = open();
      const view = new Map<string, number>();
      const truth = new Map<string, number>();
      log.forEach(([key, removes], at) => {
        cache.apply([put(at, key, removes ? null : new Uint8Array(1))]);
        for (const target of at < seen ? [view, truth] : [truth]) {
          if (removes) target.delete(key);
          else target.set(key, at);
        }
      });
      for (const { key, offset: at, is_tombstone } of cache.since('demo', 0, Math.min(seen, log.length))) {
        const name = key?.slice('demo/'.length) ?? '';
        if (is_tombstone) view.delete(name);
        else view.set(name, at);
      }
      expect(view).toEqual(truth);
    }),
  );
});
