import { decodeJson, topics } from '@nerveline/contracts';
import { offset, type StateWrite } from '@nerveline/kernel';
import type { LogRecord } from '@nerveline/log';
import { EventClocks } from '@nerveline/stream';
import { VirtualClock } from '@nerveline/testing';
import { FollowLists, type ListsLog } from './follow-lists';
import { Lists } from './lists';

const utf8 = new TextEncoder();
const wall = new VirtualClock();

/** What is durable, and nothing behind it: batches are handed over by the test. */
function openFollow() {
  const durable = new Map<string, Uint8Array>();
  const none = () => Promise.reject(new RangeError('not asked here'));
  const log: ListsLog = {
    ...{ commit: none, positions: none, read: none, tail: none, partitionCount: none },
    state: {
      get: (store, key) => durable.get(`${store} ${key}`),
      scan: (store) =>
        [...durable]
          .filter(([key]) => key.startsWith(`${store} `))
          .map(([key, value]) => [key.slice(store.length + 1), value] as const),
    },
  };
  const lists = new Lists();
  const follow = new FollowLists({ log, lists, clocks: new EventClocks('payments', wall), onApplied: () => {}, wall });
  const commit = (writes: readonly StateWrite[] = []): void => {
    for (const { store, key, value } of writes) {
      if (value === null) durable.delete(`${store} ${key}`);
      else durable.set(`${store} ${key}`, value);
    }
  };
  const handle = (records: readonly LogRecord[]) =>
    follow.blockList(
      records,
      records.map(({ value }) => value && decodeJson(topics.blockList, value)),
    );
  return { handle, lists, durable, commit };
}

function record(at: number, key: string | null, change: object | null): LogRecord {
  const source = { schema: 'fraud', table: 'block_list', ts_ms: 5, snapshot: 'false', position: '1:1:0/1:0' };
  const whole = change && { before: null, after: null, ...change, source, ts_ms: 5, transaction: null };
  return {
    ...{ topic: topics.blockList.name, partition: 0, offset: offset(at), headers: {}, timestamp_ms: 5, appended_ms: 5 },
    key: key === null ? null : utf8.encode(key),
    value: whole && utf8.encode(JSON.stringify(whole)),
  };
}

const row = (value: string, reason: string) => ({ tenant_id: 'demo', kind: 'card', value, reason, added_by: 'clerk' });

test('a batch whose commit is tried again brings about the same: its audit, and what a TRUNCATE takes', () => {
  const { handle, lists, durable, commit } = openFollow();
  const first = [
    record(0, 'demo/card/a', { op: 'c', after: row('a', 'stolen') }),
    record(1, 'demo/card/b', { op: 'c', after: row('b', 'stolen') }),
  ];
  commit(handle(first).state);
  const batch = [
    record(2, 'demo/card/a', { op: 'u', after: row('a', 'lost') }),
    record(3, 'demo/card/b', { op: 'd', before: row('b', 'stolen') }),
    record(4, 'demo/card/b', null),
    record(5, null, { op: 't' }),
  ];
  const tried = handle(batch);
  expect(tried.appends).toHaveLength(3);
  expect(handle(batch)).toEqual(tried);
  commit(tried.state);
  expect(durable.size).toBe(0);
  expect(lists.sizes.block_list).toBe(0);
});
