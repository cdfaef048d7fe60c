import { NervelineError, offset, type InputPosition } from '@nerveline/kernel';
import type { LogRecord, ReadRequest } from '@nerveline/log';
import { vanishedKeys, type CompactedLog } from './index';

const TOPIC = 'cdc.some.table';
const GROUP = 'a-service.tables';
const utf8 = new TextEncoder();

interface Kept {
  readonly at: number;
  readonly key: string | null;
}

interface Place {
  readonly kept: readonly Kept[];
  readonly tail: number;
  readonly start?: number;
  /** Undefined: the group has read nothing of it. */
  readonly read_to?: number;
}

const toRecord = (partition: number, { at, key }: Kept): LogRecord => ({
  topic: TOPIC,
  partition,
  offset: offset(at),
  key: key === null ? null : utf8.encode(key),
  value: null,
  headers: {},
  timestamp_ms: 0,
  appended_ms: 0,
});

/** A log that gives one record for each read. */
function logOf(places: readonly Place[], onRead: (request: ReadRequest) => void = () => undefined): CompactedLog {
  const positions = places.flatMap(({ read_to }, partition): InputPosition[] =>
    read_to === undefined
      ? []
      : [{ group: GROUP, topic: TOPIC, partition, next_offset: offset(read_to), applied_above: [] }],
  );
  const at = (partition: number): Place => places[partition] ?? { kept: [], tail: 0 };
  return {
    positions: async () => positions,
    partitionCount: async () => places.length,
    tail: async (_topic, partition) => {
      const { start = 0, tail } = at(partition);
      return { start_offset: offset(start), next_offset: offset(tail), last: undefined };
    },
    read: async (request) => {
      onRead(request);
      const { kept, tail } = at(request.partition);
      const found = kept.find((each) => each.at >= request.from);
      return {
        records: found === undefined ? [] : [toRecord(request.partition, found)],
        next_offset: offset(found === undefined ? tail : found.at + 1),
        tail_offset: offset(tail),
      };
    },
  };
}

const ask = (log: CompactedLog, known: readonly string[]) => vanishedKeys(log, { group: GROUP, topic: TOPIC, known });

test('a key whose records and tombstone were taken while the group was away has vanished', async () => {
  const log = logOf([
    {
      kept: [
        { at: 0, key: 'stays' },
        { at: 5, key: 'fresh' },
      ],
      tail: 6,
      read_to: 2,
    },
    { kept: [{ at: 0, key: 'elsewhere' }], tail: 1, read_to: 1 },
  ]);
  expect(await ask(log, ['stays', 'elsewhere', 'deleted'])).toEqual(['deleted']);
});

test.each([
  ['at the end of the topic', { kept: [{ at: 0, key: 'stays' }], tail: 4, read_to: 2 }],
  ['where the beginning of the topic went, too', { kept: [{ at: 8, key: 'stays' }], tail: 9, start: 8, read_to: 2 }],
])('also %s', async (_where, place) => {
  expect(await ask(logOf([place]), ['stays', 'deleted'])).toEqual(['deleted']);
});

test('a key of which anything is left has not: the record itself tells what became of it', async () => {
  const log = logOf([
    {
      kept: [
        { at: 0, key: null },
        { at: 7, key: 'tombstone' },
      ],
      tail: 8,
      read_to: 2,
    },
  ]);
  expect(await ask(log, ['tombstone'])).toEqual([]);
});

test('where nothing was taken since, only what is new is read', async () => {
  const reads: number[] = [];
  const places = [
    {
      kept: [
        { at: 0, key: 'old' },
        { at: 90, key: 'a' },
        { at: 91, key: 'b' },
      ],
      tail: 92,
      read_to: 90,
    },
  ];
  expect(
    await ask(
      logOf(places, ({ from }) => reads.push(from)),
      ['old', 'unheard of'],
    ),
  ).toEqual([]);
  expect(Math.min(...reads)).toBe(90);
});

test('a key that is written again while its last record is compacted away has not vanished', async () => {
  const kept: Kept[] = [
    { at: 0, key: 'a' },
    { at: 4, key: 'moves' },
  ];
  const place = { kept, tail: 5, read_to: 1 };
  const log = logOf([place], ({ from }) => {
    if (from !== 0) return;
    // Compaction comes right behind the first read of the whole topic.
    kept.splice(1, 1, { at: 5, key: 'moves' });
    place.tail = 6;
  });
  expect(await ask(log, ['a', 'moves'])).toEqual([]);
});

test('of a topic that is not there nothing has vanished', async () => {
  const log = logOf([{ kept: [], tail: 9, read_to: 2 }]);
  const absent = new NervelineError('NL-LOG-008', { detail: 'the relay has not written anything yet' });
  expect(await ask({ ...log, tail: () => Promise.reject(absent) }, ['a'])).toEqual([]);
});
