import { topics } from '@nerveline/contracts';
import { offset } from '@nerveline/kernel';
import { defaultPushLimits } from '../limits';
import type { RecordSource, SourceRecord } from '../ports/record-source';
import { GaugeReader } from './gauge-reader';
import { GaugeShelf } from './gauge-shelf';
import type { LogFeed } from './log-feed';
import { partitionsOf } from './position';

const topic = Object.freeze({ ...topics.channelStock, partitions: 1 });
const ID = `${topic.name}/0`;

const record = (
  at: number,
  key: string,
  value: Uint8Array | null = new Uint8Array(1),
  appended_ms = 0,
): SourceRecord => ({
  topic: topic.name,
  partition: 0,
  offset: offset(at),
  key: Buffer.from(`demo/${key}`),
  value,
  headers: {},
  timestamp_ms: 0,
  appended_ms,
});

/** A log that compaction left so: what is missing was overwritten, or removed so long ago that its tombstone went, too. */
function sourceOf(records: readonly SourceRecord[], tail: number): RecordSource {
  return {
    tail: async () => ({ start_offset: offset(0), next_offset: offset(tail) }),
    // One record for each read, so that a gap between two reads counts as well.
    read: async ({ from }) => {
      const found = records.find((each) => each.offset >= from);
      const next_offset = offset(found === undefined ? tail : found.offset + 1);
      return { records: found === undefined ? [] : [found], next_offset, tail_offset: offset(tail) };
    },
    waitForRecords: async () => false,
  };
}

async function open(records: readonly SourceRecord[], tail: number) {
  const feed = { position: () => offset(tail) } as unknown as LogFeed;
  const limits = defaultPushLimits;
  const shelf = new GaugeShelf({ source: sourceOf(records, tail), feed, limits });
  await shelf.fill(topic);
  const partitions = partitionsOf([topic]);
  const reader = new GaugeReader({ partitions, feed, limits, cacheOf: (name) => shelf.get(name) });
  return async (from: number) => {
    const chunk = await reader.next('demo', { [ID]: from });
    return chunk === 'lost' ? chunk : chunk.records.map(({ key }) => key);
  };
}

test('a client that was away begins afresh where compaction may have taken the tombstone of a key that it shows', async () => {
  const next = await open([record(0, 'a'), record(3, 'c'), record(4, 'd')], 5);
  expect(await next(2)).toBe('lost');
  expect(await next(3)).toEqual(['demo/c', 'demo/d']);
  expect(await next(0)).toEqual(['demo/a', 'demo/c', 'demo/d']);
});

test('also where nothing is left behind it', async () => {
  const next = await open([record(0, 'a')], 3);
  expect(await next(1)).toBe('lost');
});

test('a gap of less than a day costs nobody a snapshot: all its tombstones are there', async () => {
  const young = (at: number, key: string) => record(at, key, new Uint8Array(1), Date.now());
  const next = await open([record(0, 'a'), young(3, 'c'), young(6, 'd')], 8);
  expect(await next(2)).toBe('lost');
  expect(await next(4)).toEqual(['demo/d']);
});

test('a client of a log without gaps hears what it missed', async () => {
  const next = await open([record(0, 'a'), record(1, 'b'), record(2, 'a', null)], 3);
  expect(await next(1)).toEqual(['demo/b', 'demo/a']);
});
