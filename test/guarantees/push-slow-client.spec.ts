import type { PushFrame } from '@nerveline/contracts';
import { scopes } from '@nerveline/kernel';
import { eventually } from '@nerveline/testing';
import { appendNumbered, numberOf, openPushHarness, refusalRecord, stockRecord } from '../integration/push-harness';
import { RawClient } from '../integration/push-raw-client';

const QUEUED_BYTES_MAX = 64 * 1024;
const FRAME_BYTES = 32 * 1024;
const limits = { queued_bytes_max: QUEUED_BYTES_MAX, frame_bytes: FRAME_BYTES, stall_ms: 700 };
/** A frame is closed behind the record that passes its bound, so one record more may wait. */
const RECORD_BYTES = 8 * 1024;
const everything = `demo ${scopes.join(',')}`;

/** A fact of 8 KB: what the kernel buffers for a client that doesn't read is soon full. */
const wide = (n: number) => refusalRecord(n, 'demo', 'x'.repeat(7_000));

test('a client that reads nothing is bounded, then dropped with a reason, and the others get every fact', async () => {
  await using push = await openPushHarness(limits);
  await using stuck = await RawClient.open(push.url, everything);
  stuck.emit(1, 'subscribe', { stream: 'stock.refusals', from: null });
  await eventually(() => stuck.answerTo(1) !== undefined);
  const reader = await push.connect();
  const seen: number[] = [];
  await reader.subscribe('stock.refusals', { onItems: (items) => void seen.push(...items.map(numberOf)) });
  stuck.pause();
  let waiting_most = 0;
  let total = 0;
  for (; push.hub.stats().dropped === 0 && total < 20_000; total += 25) {
    await appendNumbered(push.inventory, wide, { from: total, to: total + 25 });
    await eventually(() => seen.length >= total);
    waiting_most = Math.max(waiting_most, push.hub.stats().waiting_bytes_max);
  }
  expect(push.hub.stats().dropped).toBe(1);
  await eventually(() => seen.length === total);
  expect(seen).toEqual(Array.from({ length: total }, (_, n) => n));
  expect(waiting_most).toBeGreaterThan(QUEUED_BYTES_MAX / 2);
  expect(waiting_most).toBeLessThanOrEqual(QUEUED_BYTES_MAX + FRAME_BYTES + RECORD_BYTES);
  await eventually(() => push.hub.stats().clients === 1);
  stuck.resume();
  await eventually(() => stuck.closed);
  expect(stuck.heard('dropped')).toEqual([{ reason: expect.stringContaining('NL-PSH-007') as unknown }]);
}, 60_000);

test('a slow client of a gauge gets the latest values rather than each one, and none of them is wrong', async () => {
  await using push = await openPushHarness({ ...limits, stall_ms: 60_000 });
  await using slow = await RawClient.open(push.url, everything);
  slow.emit(1, 'subscribe', { stream: 'stock.channels', from: null });
  await eventually(() => slow.answerTo(1) !== undefined);
  await eventually(() => push.hub.stats().lagging === 0);
  slow.pause();
  const keys = 50;
  let rounds = 0;
  // Until the client has been taken out of the room: then it lags, and so many rounds more.
  for (let more = 100; more > 0; rounds += 1) {
    await push.inventory.append(Array.from({ length: keys }, (_, key) => stockRecord(`S-${key}`, rounds, 'demo', 100)));
    if (push.hub.stats().lagging > 0) more -= 1;
  }
  slow.resume();
  const latest = () => {
    const values = new Map<string | null, unknown>();
    for (const { items } of slow.heard<PushFrame>('frame')) for (const item of items) values.set(item.key, item.value);
    return values;
  };
  const available = () => [...latest().values()].map((value) => (value as { available: number }).available);
  await eventually(() => available().length === keys && available().every((units) => units === rounds - 1));
  const received = slow.heard<PushFrame>('frame').reduce((sum, { items }) => sum + items.length, 0);
  expect(received).toBeLessThan((keys * rounds) / 2);
  expect(push.hub.stats().dropped).toBe(0);
}, 60_000);
