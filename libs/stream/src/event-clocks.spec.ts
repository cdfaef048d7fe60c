import { offset } from '@nerveline/kernel';
import type { LogRecord } from '@nerveline/log';
import { VirtualClock } from '@nerveline/testing';
import { eventClockTopic, EventClocks } from './index';

const utf8 = new TextEncoder();
const WALL_MS = 1_700_000_000_000;

function change(key: string | null, rows: { before?: object | null; after?: object | null } | null): LogRecord {
  const source = { schema: 'platform', table: 'event_clock', ts_ms: 0, snapshot: 'false', position: '1:1:0/1:0' };
  const value = rows && { op: 'u', before: null, after: null, ...rows, source, ts_ms: 0, transaction: null };
  return {
    topic: eventClockTopic,
    partition: 0,
    offset: offset(0),
    key: key === null ? null : utf8.encode(key),
    value: value === null ? null : utf8.encode(JSON.stringify(value)),
    headers: {},
    timestamp_ms: 0,
    appended_ms: 0,
  };
}

const row = (tenant_id: string, source: string) => ({
  tenant_id,
  source,
  event_ms: 5_000,
  wall_ms: WALL_MS,
  speed: 100,
});

function openClocks() {
  const wall = new VirtualClock(WALL_MS);
  return { wall, clocks: new EventClocks('payments', wall) };
}

test('a source that declares its time has it, and it goes on at its speed', () => {
  const { wall, clocks } = openClocks();
  clocks.apply(change('demo/payments', { after: row('demo', 'payments') }));
  wall.advance(10);
  expect(clocks.of('demo').now_ms()).toBe(6_000);
});

test('another source and another tenant keep their own time', () => {
  const { clocks } = openClocks();
  clocks.apply(change('demo/stock', { after: row('demo', 'stock') }));
  clocks.apply(change('other/payments', { after: row('other', 'payments') }));
  expect(clocks.of('demo').now_ms()).toBe(WALL_MS);
  expect(clocks.of('other').now_ms()).toBe(5_000);
});

test.each([
  ['a delete', 'demo/payments', { before: { tenant_id: 'demo', source: 'payments' } }],
  ['a TRUNCATE', null, {}],
])('%s goes back to wall time', (_what, key, rows) => {
  const { clocks } = openClocks();
  clocks.apply(change('demo/payments', { after: row('demo', 'payments') }));
  clocks.apply(change(key, rows));
  expect(clocks.of('demo').now_ms()).toBe(WALL_MS);
});

test('a tombstone goes back to wall time by itself: compaction takes the delete ahead of it', () => {
  const { clocks } = openClocks();
  clocks.apply(change('demo/payments', { after: row('demo', 'payments') }));
  clocks.apply(change('demo/stock', null));
  clocks.apply(change('other/payments', null));
  expect(clocks.of('demo').now_ms()).toBe(5_000);
  clocks.apply(change('demo/payments', null));
  expect(clocks.of('demo').now_ms()).toBe(WALL_MS);
});

test('who waits by a clock hears when it is set', () => {
  const { clocks } = openClocks();
  let heard = 0;
  clocks.watch(() => (heard += 1));
  clocks.apply(change('demo/payments', { after: row('demo', 'payments') }));
  clocks.apply(change('demo/stock', { after: row('demo', 'stock') }));
  expect(heard).toBe(1);
});

test('a row that breaks the schema keeps no service from starting: the clock is what was declared around it', async () => {
  const { clocks } = openClocks();
  const records = [
    change('demo/payments', { after: row('demo', 'payments') }),
    change('demo/payments', { after: { ...row('demo', 'payments'), speed: -1 } }),
    change('other/payments', { after: row('other', 'payments') }),
  ];
  await clocks.restore({
    tail: async () => ({ start_offset: offset(0), next_offset: offset(3), last: undefined }),
    read: async () => ({ records, next_offset: offset(3), tail_offset: offset(3) }),
  });
  expect([clocks.of('demo').now_ms(), clocks.of('other').now_ms()]).toEqual([5_000, 5_000]);
});
