import { topics, type FlowStatus, type Topic } from '@nerveline/contracts';
import { offset, tenantKey, type Principal } from '@nerveline/kernel';
import type { ReadRequest } from '@nerveline/log';
import { PushRecord, type FeedBatch } from '@nerveline/push';
import { VirtualClock } from '@nerveline/testing';
import { FlowMonitor, type FlowPorts } from './flow-monitor';
import { RecentEvents } from './recent-events';

const WALL_MS = 1_700_000_000_000;
const utf8 = new TextEncoder();
const principal: Principal = { tenant_id: 'demo', subject: 'op', roles: [], scopes: ['ops:read'] };
const watcher = { principal, token: 'token' };

type Source = 'payments' | 'stock' | 'fleet';

const declared = (source: Source) => ({ tenant_id: 'demo', source, event_ms: 1_000, wall_ms: WALL_MS, speed: 1 });

/** A log of nothing but clocks, which gives one record for each read, as one that has many would. */
class ClockLog {
  #records: { key: Uint8Array | null; value: Uint8Array | null; at: number }[] = [];
  #next = 0;

  declare(source: Source): PushRecord {
    return this.#add(source, { op: 'c', before: null, after: declared(source) });
  }

  /** What compaction has left of a row that was deleted. */
  leaveTombstone(source: Source): PushRecord {
    this.#records = this.#records.filter(({ key }) => key === null || !new TextDecoder().decode(key).endsWith(source));
    return this.#add(source, null);
  }

  truncate(): PushRecord {
    return this.#add(null, { op: 't', before: null, after: null });
  }

  async tail() {
    return { start_offset: offset(this.#records[0]?.at ?? this.#next), next_offset: offset(this.#next) };
  }

  async read({ from }: ReadRequest) {
    const found = this.#records.find(({ at }) => at >= from);
    const next_offset = offset(found === undefined ? this.#next : found.at + 1);
    const records = found === undefined ? [] : [toRecord(found)];
    return { records, next_offset, tail_offset: offset(this.#next) };
  }

  #add(source: Source | null, change: object | null): PushRecord {
    const origin = { schema: 'platform', table: 'event_clock', ts_ms: 0, snapshot: 'false', position: '1:1:0/1:0' };
    const value = change && utf8.encode(JSON.stringify({ ...change, source: origin, ts_ms: 0, transaction: null }));
    const added = { key: source && utf8.encode(tenantKey('demo', source)), value, at: this.#next };
    this.#next += 1;
    this.#records.push(added);
    return new PushRecord(topics.eventClock, toRecord(added));
  }
}

const toRecord = ({ at, ...rest }: { key: Uint8Array | null; value: Uint8Array | null; at: number }) => ({
  ...rest,
  topic: topics.eventClock.name,
  partition: 0,
  offset: offset(at),
  headers: {},
  timestamp_ms: 0,
  appended_ms: 0,
});

/** The monitor over that log; every other topic is empty. */
function open() {
  const log = new ClockLog();
  const shown: ((status: FlowStatus) => void)[] = [];
  const errors: unknown[] = [];
  const nothing = { start_offset: offset(0), next_offset: offset(0), last: undefined };
  const ports: FlowPorts = {
    log: {
      describe: async () => [],
      groups: async () => [],
      positions: async () => [],
      read: (request) => log.read(request),
      tail: async (topic) => (topic === topics.eventClock.name ? { ...(await log.tail()), last: undefined } : nothing),
    },
    recent: new RecentEvents(),
    changes: { expect: () => undefined, stop: () => undefined },
    look: { state: () => ({ state: 'unknown', detail: '' }), slots: () => undefined },
    clock: new VirtualClock(WALL_MS),
    stats: () => ({
      clients: 0,
      records_sent: 0,
      dropped: 0,
      lagging: 0,
      behind_records: 0,
      waiting_bytes: 0,
      waiting_bytes_max: 0,
    }),
    follow: async (_topic: Topic) => () => undefined,
    show: (status) => shown.splice(0).forEach((resolve) => resolve(status)),
    onError: (error) => errors.push(error),
  };
  const monitor = new FlowMonitor(ports);
  return {
    log,
    errors,
    observe: (...records: readonly PushRecord[]) =>
      monitor.observe([{ topic: topics.eventClock, records } satisfies FeedBatch]),
    /** Watches until one status was shown, and gives the clocks in it. */
    look: async (meanwhile: () => void = () => undefined) => {
      const status = new Promise<FlowStatus>((resolve) => shown.push(resolve));
      monitor.watch('one', watcher);
      meanwhile();
      const { event_clocks_ms = {} } = await status;
      monitor.unwatch('one');
      return Object.keys(event_clocks_ms).sort();
    },
  };
}

test("every source's clock is known, however much the log has of them", async () => {
  const { log, look, errors } = open();
  log.declare('payments');
  log.declare('stock');
  log.declare('fleet');
  expect(await look()).toEqual(['fleet', 'payments', 'stock']);
  expect(errors).toEqual([]);
});

test('a clock that went while nobody watched is gone, also when compaction left nothing but a tombstone', async () => {
  const { log, look } = open();
  log.declare('payments');
  log.declare('stock');
  expect(await look()).toEqual(['payments', 'stock']);
  log.leaveTombstone('stock');
  expect(await look()).toEqual(['payments']);
});

test.each([
  ['a tombstone takes the clock', (log: ClockLog) => log.leaveTombstone('stock'), ['payments']],
  ['a TRUNCATE takes all clocks', (log: ClockLog) => log.truncate(), []],
])('%s while somebody watches', async (_what, change, left) => {
  const { log, look, observe } = open();
  const both = [log.declare('payments'), log.declare('stock')];
  expect(await look(() => observe(...both, change(log)))).toEqual(left);
});
