import { consume } from '@nerveline/log';
import { offset, type OutRecord } from '@nerveline/kernel';
import { randomUUID } from 'node:crypto';
import { describeCommitContract } from './log-contract-commits';
import {
  catalogue,
  counted,
  READER,
  readAll,
  record,
  text,
  texts,
  WRITER,
  type OpenLogPlace,
} from './log-contract-kit';
import { describePeersContract } from './log-contract-peers';

/**
 * What every adapter of the log promises.
 *
 * @param options.writers embedded, one process writes what a service owns; on Kafka several instances may, and share it by
 *   groups
 */
export function describeLogContract(
  name: string,
  openPlace: OpenLogPlace,
  { writers = 'one' }: { readonly writers?: 'one' | 'many' } = {},
): void {
  describe(`${name} log`, () => {
    describeRecords(openPlace);
    describeCommits(openPlace);
    describeReaders(openPlace);
    describeConsumer(openPlace);
    describePeersContract(openPlace);
    describeCommitContract(openPlace);
    if (writers === 'one') describeSoleWriter(openPlace);
    else describeManyWriters(openPlace);
  });
}

function describeRecords(openPlace: OpenLogPlace): void {
  test('what was appended is read as it was: key, value, headers, event time, position', async () => {
    await using place = await openPlace(catalogue);
    const log = await place.open(WRITER);
    const before_ms = Date.now();
    const headers = { traceparent: '00-abc', 'naïve name': 'ünïcode ✓', empty: '' };
    const [position] = await log.append([record('demo/k', 'größe', { headers, timestamp_ms: 1_234.5 })]);
    const [read] = await readAll(log);
    expect(position).toEqual({ topic: 'single', partition: 0, offset: 0 });
    expect(text(read?.key ?? null)).toBe('demo/k');
    expect(text(read?.value ?? null)).toBe('größe');
    expect(read).toMatchObject({ topic: 'single', partition: 0, offset: 0, headers, timestamp_ms: 1_234.5 });
    expect(read?.appended_ms).toBeGreaterThanOrEqual(before_ms);
    expect(read?.appended_ms).toBeLessThanOrEqual(Date.now());
  });

  test('a tombstone, an empty value and a record without key stay what they are', async () => {
    await using place = await openPlace(catalogue);
    const log = await place.open(WRITER);
    await log.append([record('a', null), record('a', ''), record(null, 'x')]);
    const read = await readAll(log);
    expect(read.map(({ key, value }) => [text(key), text(value)])).toEqual([
      ['a', null],
      ['a', ''],
      [null, 'x'],
    ]);
  });

  test('records of one key stay in the order in which they were appended, whoever appends beside', async () => {
    await using place = await openPlace(catalogue);
    const log = await place.open(WRITER);
    const keys = ['a', 'b', 'c', 'd', 'e'];
    await Promise.all(
      Array.from({ length: 200 }, (_, i) => log.append(keys.map((key) => record(key, `${i}`, { topic: 'events' })))),
    );
    const read = (await Promise.all([0, 1, 2].map((partition) => readAll(log, 'events', partition)))).flat();
    expect(read).toHaveLength(1_000);
    for (const key of keys) {
      const of_key = read.filter((entry) => text(entry.key) === key);
      expect(new Set(of_key.map(({ partition }) => partition)).size).toBe(1);
      expect(of_key.map(({ value }) => Number(text(value)))).toEqual(Array.from({ length: 200 }, (_, i) => i));
    }
  });

  test('offsets count each partition from 0 without a gap, and append gives them in the order of its records', async () => {
    await using place = await openPlace(catalogue);
    const log = await place.open(WRITER);
    const positions = await log.append([
      record('x', '0', { topic: 'events', partition: 2 }),
      record('x', '1', { topic: 'events', partition: 0 }),
      record('x', '2', { topic: 'events', partition: 2 }),
    ]);
    expect(positions.map(({ partition, offset: at }) => [partition, at])).toEqual([
      [2, 0],
      [0, 0],
      [2, 1],
    ]);
    expect((await readAll(log, 'events', 2)).map(({ value }) => text(value))).toEqual(['0', '2']);
  });

  test('reading stops behind the record that passes the bound, and always gives one', async () => {
    await using place = await openPlace(catalogue);
    const log = await place.open(WRITER);
    await log.append(Array.from({ length: 10 }, (_, i) => record('k', `${i}`.repeat(100))));
    const from = offset(3);
    const by_bytes = await log.read({ topic: 'single', partition: 0, from, max_bytes: 150 });
    expect(by_bytes.records.map(({ offset: at }) => at)).toEqual([3, 4]);
    expect(by_bytes).toMatchObject({ next_offset: 5, tail_offset: 10 });
    expect((await log.read({ topic: 'single', partition: 0, from, max_bytes: 1 })).records).toHaveLength(1);
    expect((await log.read({ topic: 'single', partition: 0, from, max_records: 4 })).next_offset).toBe(7);
  });

  test('an empty partition has no records, no last one, and a tail of 0', async () => {
    await using place = await openPlace(catalogue);
    const log = await place.open(WRITER);
    expect(await log.tail('events', 1)).toEqual({ next_offset: 0, start_offset: 0, last: undefined });
    const batch = await log.read({ topic: 'events', partition: 1, from: offset(0) });
    expect(batch).toEqual({ records: [], next_offset: 0, tail_offset: 0 });
    expect(await log.offsetAt('events', 1, 5)).toBe(0);
  });

  test('the tail has the last record, also after the log was opened again', async () => {
    await using place = await openPlace(catalogue);
    const first = await place.open(WRITER);
    await first.append([record('a', '1'), record('b', '2')]);
    await first.close();
    const log = await place.open(WRITER);
    const { next_offset, last } = await log.tail('single', 0);
    expect([next_offset, text(last?.key ?? null), last?.offset]).toEqual([2, 'b', 1]);
    const [position] = await log.append([record('c', '3')]);
    expect(position?.offset).toBe(2);
  });

  test('offsetAt gives the first record with the event time or a later one, also when times go back', async () => {
    await using place = await openPlace(catalogue);
    const log = await place.open(WRITER);
    const times = [10, 20, 15, 40, 30, 30, 50, 45];
    for (const timestamp_ms of times) await log.append([record('k', '', { timestamp_ms })]);
    for (let time = 0; time <= 55; time += 5) {
      const found = times.findIndex((at) => at >= time);
      expect([time, await log.offsetAt('single', 0, time)]).toEqual([time, found === -1 ? times.length : found]);
    }
  });

  test('truncation drops what is below, keeps offsets, and refuses positions that are gone or not there yet', async () => {
    await using place = await openPlace(catalogue);
    const log = await place.open(WRITER);
    for (let i = 0; i < 5; i += 1) await log.append([record('k', `${i}`), record('k', `${i}+`)]);
    await log.truncateBefore('single', 0, offset(5));
    const read = (from: number) => log.read({ topic: 'single', partition: 0, from: offset(from) });
    expect((await read(5)).records.map(({ value }) => text(value))).toEqual(['2+', '3', '3+', '4', '4+']);
    expect(await log.tail('single', 0)).toMatchObject({ start_offset: 5, next_offset: 10 });
    await expect(read(4)).rejects.toMatchObject({ code: 'NL-LOG-009' });
    await expect(read(11)).rejects.toMatchObject({ code: 'NL-LOG-009' });
    await log.truncateBefore('single', 0, offset(10));
    expect(await log.tail('single', 0)).toEqual({ start_offset: 10, next_offset: 10, last: undefined });
    expect((await log.append([record('k', '5')]))[0]?.offset).toBe(10);
    await expect(log.truncateBefore('single', 0, offset(12))).rejects.toMatchObject({ code: 'NL-LOG-009' });
  });

  test("an unknown topic, a partition out of range, another writer's topic and an oversized record are refused", async () => {
    await using place = await openPlace(catalogue);
    const log = await place.open(WRITER, { max_record_bytes: 1_000 });
    const refused = (out: OutRecord) => expect(log.append([record('k', 'good'), out])).rejects;
    await refused(record('k', 'v', { topic: 'nobody' })).toMatchObject({ code: 'NL-LOG-001' });
    await refused(record('k', 'v', { topic: 'foreign' })).toMatchObject({ code: 'NL-LOG-002' });
    await refused(record('k', 'v', { partition: 1 })).toMatchObject({ code: 'NL-LOG-012' });
    await refused(record('k', 'v'.repeat(1_001))).toMatchObject({ code: 'NL-LOG-007' });
    await expect(log.read({ topic: 'single', partition: 1, from: offset(0) })).rejects.toMatchObject({
      code: 'NL-LOG-012',
    });
    await expect(log.tail('nobody', 0)).rejects.toMatchObject({ code: 'NL-LOG-001' });
    expect(await readAll(log)).toHaveLength(0);
  });
}

function describeCommits(openPlace: OpenLogPlace): void {
  const position = (next_offset: number, group = `${WRITER}.main`) => ({
    group,
    topic: 'events',
    partition: 1,
    next_offset: offset(next_offset),
    applied_above: [offset(next_offset + 2), offset(next_offset + 5)],
  });

  test('records, state and positions of a commit become visible together', async () => {
    await using place = await openPlace(catalogue);
    const log = await place.open(WRITER);
    const state = [{ store: 's', key: 'k', value: Buffer.from('1') }];
    const done = log.commit({ appends: [record('a', '1')], state, positions: [position(7)] });
    expect([(await readAll(log)).length, log.state.get('s', 'k')]).toEqual([0, undefined]);
    await done;
    expect((await readAll(log)).length).toBe(1);
    expect(text(log.state.get('s', 'k') ?? null)).toBe('1');
    expect(await log.positions(`${WRITER}.main`)).toEqual([position(7)]);
  });

  test('a commit that is refused leaves nothing, and its neighbours in the same moment are untouched', async () => {
    await using place = await openPlace(catalogue);
    const log = await place.open(WRITER);
    const good = log.commit({ state: [{ store: 's', key: 'good', value: Buffer.from('1') }] });
    const bad = log.commit({
      appends: [record('a', '1'), record('a', '2', { topic: 'nobody' })],
      state: [{ store: 's', key: 'bad', value: Buffer.from('1') }],
      positions: [position(1)],
    });
    await expect(bad).rejects.toMatchObject({ code: 'NL-LOG-001' });
    await good;
    expect(await readAll(log)).toHaveLength(0);
    expect(await log.positions(`${WRITER}.main`)).toEqual([]);
    expect([log.state.get('s', 'bad'), text(log.state.get('s', 'good') ?? null)]).toEqual([undefined, '1']);
  });

  test("positions of a group are read by every service, and one group never shows another's", async () => {
    await using place = await openPlace(catalogue);
    const log = await place.open(WRITER);
    const reader = await place.open(READER);
    expect(await reader.positions('neighbour.none')).toEqual([]);
    await log.commit({ positions: [position(3), position(9, `${WRITER}.main.2`)] });
    await log.commit({ positions: [position(4)] });
    expect(await reader.positions(`${WRITER}.main`)).toEqual([position(4)]);
    expect(await reader.groups()).toEqual([`${WRITER}.main`, `${WRITER}.main.2`]);
    await expect(log.commit({ positions: [position(1, 'neighbour.main')] })).rejects.toMatchObject({
      code: 'NL-LOG-002',
    });
  });

  test('state is read by key and by prefix, in the order of its keys; a removed key is gone', async () => {
    await using place = await openPlace(catalogue);
    const log = await place.open(WRITER);
    const keys = Array.from({ length: 600 }, (_, i) => `demo/${String(i).padStart(4, '0')}`);
    const writes = [...keys, 'demn', 'demo', 'demo0', 'é'].map((key) => ({ store: 's', key, value: Buffer.from(key) }));
    await log.commit({ state: [...writes.reverse(), { store: 's2', key: 'demo/x', value: Buffer.from('other') }] });
    expect([...log.state.scan('s', 'demo/')].map(([key]) => key)).toEqual(keys);
    expect([...log.state.scan('s', '')].map(([key, value]) => key === text(value)).every(Boolean)).toBe(true);
    await log.commit({ state: [{ store: 's', key: 'demo/0001', value: null }] });
    expect(log.state.get('s', 'demo/0001')).toBeUndefined();
    expect([...log.state.scan('s', 'demo/')]).toHaveLength(599);
  });

  test('a log that was closed refuses appends, and keeps what it accepted before', async () => {
    await using place = await openPlace(catalogue);
    const log = await place.open(WRITER);
    const accepted = log.append([record('k', '1')]);
    await Promise.all([accepted, log.close()]);
    await expect(log.append([record('k', '2')])).rejects.toMatchObject({ code: 'NL-LOG-015' });
    expect(await readAll(await place.open(WRITER))).toHaveLength(1);
  });
}

function describeReaders(openPlace: OpenLogPlace): void {
  test('a topic whose writer has never started does not exist yet, and a waiting reader wakes when it does', async () => {
    await using place = await openPlace(catalogue);
    const reader = await place.open(READER);
    const from = { topic: 'single', partition: 0, next_offset: offset(0) };
    await expect(reader.read({ ...from, from: offset(0) })).rejects.toMatchObject({ code: 'NL-LOG-008' });
    expect((await reader.describe()).filter(({ owner }) => owner === WRITER)).toEqual([]);
    const woken = reader.waitForRecords([from], new AbortController().signal);
    const writer = await place.open(WRITER);
    await writer.append([record('k', '1')]);
    expect(await woken).toBe(true);
    expect(await readAll(reader)).toHaveLength(1);
  });

  test('a waiting reader is woken by the record that it waits for, and by no other', async () => {
    await using place = await openPlace(catalogue);
    const writer = await place.open(WRITER);
    const reader = await place.open(READER);
    let woken = false;
    const waiting = reader
      .waitForRecords([{ topic: 'events', partition: 1, next_offset: offset(1) }], new AbortController().signal)
      .then((found) => (woken = found));
    await writer.append([record('k', '1')]);
    await writer.append([record('k', '1', { topic: 'events', partition: 1 })]);
    await writer.append([record('k', '1', { topic: 'events', partition: 2 })]);
    expect(woken).toBe(false);
    await writer.append([record('k', '2', { topic: 'events', partition: 1 })]);
    await waiting;
    expect(woken).toBe(true);
  });

  test('waiting ends with false when its signal aborts or the log is closed', async () => {
    await using place = await openPlace(catalogue);
    const reader = await place.open(READER);
    const from = [{ topic: 'single', partition: 0, next_offset: offset(0) }];
    const abort = new AbortController();
    const aborted = reader.waitForRecords(from, abort.signal);
    abort.abort();
    expect(await aborted).toBe(false);
    expect(await reader.waitForRecords(from, abort.signal)).toBe(false);
    const closed = reader.waitForRecords(from, new AbortController().signal);
    await reader.close();
    expect(await closed).toBe(false);
  });

  test('a reader stays served when the writer stops and starts again', async () => {
    await using place = await openPlace(catalogue);
    const reader = await place.open(READER);
    for (let round = 0; round < 3; round += 1) {
      const writer = await place.open(WRITER);
      const woken = reader.waitForRecords(
        [{ topic: 'single', partition: 0, next_offset: offset(round) }],
        new AbortController().signal,
      );
      await writer.append([record('k', `${round}`)]);
      expect(await woken).toBe(true);
      await writer.close();
      expect(await readAll(reader)).toHaveLength(round + 1);
    }
  });

  test('topics are described with their owner and tails', async () => {
    await using place = await openPlace(catalogue);
    const writer = await place.open(WRITER);
    await writer.append([record('k', '1')]);
    const described = await writer.describe();
    expect(described.map(({ topic: described_topic }) => described_topic)).toEqual(
      expect.arrayContaining(['events', 'single']),
    );
    expect(described.find(({ topic: it }) => it === 'single')).toMatchObject({
      owner: WRITER,
      partitions: [{ next_offset: 1, start_offset: 0 }],
    });
    expect(described.some(({ topic: it }) => it === 'foreign')).toBe(false);
    expect(await writer.partitionCount('foreign')).toBe(1);
  });
}

function describeConsumer(openPlace: OpenLogPlace): void {
  const group = () => `${WRITER}.${randomUUID().slice(0, 8)}`;

  test('a consumer handles each record once, in order, and goes on from there after a restart', async () => {
    await using place = await openPlace(catalogue);
    const log = await place.open(WRITER);
    const seen: string[] = [];
    const options = {
      group: group(),
      topics: ['single'],
      from: 'earliest' as const,
      handle: (records: readonly { readonly value: Uint8Array | null }[]) => {
        seen.push(...records.map(({ value }) => text(value) ?? ''));
      },
    };
    await log.append([record('k', '0'), record('k', '1')]);
    const first = consume(log, options);
    await first.caughtUp();
    await first.stop();
    await log.append([record('k', '2')]);
    const second = consume(log, options);
    await second.caughtUp();
    expect(second.next_offsets).toEqual({ 'single/0': 3 });
    await log.append([record('k', '3')]);
    await second.caughtUp();
    await second.stop();
    expect(seen).toEqual(['0', '1', '2', '3']);
  });

  test('a group that begins at the tail sees what comes later only, also when it stops before the first record', async () => {
    await using place = await openPlace(catalogue);
    const log = await place.open(WRITER);
    const seen: (string | null)[] = [];
    const options = {
      group: group(),
      topics: ['single'],
      from: 'latest' as const,
      handle: (records: readonly { readonly value: Uint8Array | null }[]) => {
        seen.push(...records.map(({ value }) => text(value)));
      },
    };
    await log.append([record('k', 'before')]);
    const first = consume(log, options);
    await first.caughtUp();
    await first.stop();
    await log.append([record('k', 'between')]);
    const second = consume(log, options);
    await second.caughtUp();
    await second.stop();
    expect(seen).toEqual(['between']);
  });

  test('effects of a batch are committed with its position', async () => {
    await using place = await openPlace(catalogue);
    const log = await place.open(WRITER);
    const name = group();
    await log.append(Array.from({ length: 50 }, (_, i) => record('k', `${i}`)));
    const consumer = consume(log, {
      group: name,
      topics: ['single'],
      from: 'earliest',
      max_batch_bytes: 20,
      handle: (records) => {
        const count = Number(text(log.state.get('count', 'k') ?? null) ?? 0) + records.length;
        return {
          state: [{ store: 'count', key: 'k', value: Buffer.from(`${count}`) }],
          appends: [record('k', `${count}`, { topic: 'events', partition: 0 })],
        };
      },
    });
    await consumer.caughtUp();
    // While the partition is owned: where its state goes with it, nothing of it is seen afterwards.
    expect(text(log.state.get('count', 'k') ?? null)).toBe('50');
    await consumer.stop();
    const outputs = await readAll(log, 'events', 0);
    expect(outputs.length).toBeGreaterThan(1);
    expect(text(outputs.at(-1)?.value ?? null)).toBe('50');
    expect(await log.positions(name)).toMatchObject([{ topic: 'single', next_offset: 50 }]);
  });

  test('a retriable error is tried again in place, before anything behind it', async () => {
    await using place = await openPlace(catalogue);
    const log = await place.open(WRITER);
    const { NervelineError } = await import('@nerveline/kernel');
    await log.append([record('k', '0'), record('k', '1')]);
    const tries: number[] = [];
    const consumer = consume(log, {
      group: group(),
      topics: ['single'],
      from: 'earliest',
      max_batch_bytes: 1,
      handle: ([first]) => {
        tries.push(first?.offset ?? -1);
        if (tries.length < 3) throw new NervelineError('NL-LOG-008', { detail: 'not yet' });
      },
    });
    await consumer.caughtUp();
    await consumer.stop();
    expect(tries).toEqual([0, 0, 0, 1]);
  });

  test('an error that is not retriable ends the consumer, commits nothing of the batch, and is not swallowed', async () => {
    await using place = await openPlace(catalogue);
    const log = await place.open(WRITER);
    const name = group();
    await log.append([record('k', '0')]);
    const consumer = consume(log, {
      group: name,
      topics: ['single'],
      from: 'earliest',
      handle: () => {
        throw new Error('broken handler');
      },
    });
    await expect(consumer.done).rejects.toThrow('broken handler');
    await expect(consumer.caughtUp()).rejects.toThrow();
    expect(await log.positions(name)).toEqual([]);
  });

  test('a group that retention has overtaken is told so, not moved on', async () => {
    await using place = await openPlace(catalogue);
    const log = await place.open(WRITER);
    const options = { group: group(), topics: ['single'], from: 'earliest' as const, handle: () => undefined };
    await log.append([record('k', '0')]);
    const first = consume(log, options);
    await first.caughtUp();
    await first.stop();
    await log.append([record('k', '1'), record('k', '2')]);
    await log.truncateBefore('single', 0, offset(2));
    await expect(consume(log, options).done).rejects.toMatchObject({ code: 'NL-LOG-009' });
  });

  test('a topic whose writer has never started is waited for', async () => {
    await using place = await openPlace(catalogue);
    const log = await place.open(WRITER);
    const seen: (string | null)[] = [];
    const consumer = consume(log, {
      group: group(),
      topics: ['foreign'],
      from: 'earliest',
      handle: (records) => {
        seen.push(...records.map(({ value }) => text(value)));
      },
    });
    await consumer.caughtUp();
    const neighbour = await place.open('neighbour');
    await neighbour.append([record('k', 'hello', { topic: 'foreign' })]);
    await consumer.caughtUp();
    await consumer.stop();
    expect(seen).toEqual(['hello']);
  });
}

function describeSoleWriter(openPlace: OpenLogPlace): void {
  test('a second writer is refused while the first lives, and may come when it has closed', async () => {
    await using place = await openPlace(catalogue);
    const first = await place.open(WRITER);
    await expect(place.open(WRITER)).rejects.toMatchObject({ code: 'NL-LOG-010' });
    await first.append([record('k', '1')]);
    await first.close();
    const second = await place.open(WRITER);
    expect(await readAll(second)).toHaveLength(1);
  });

  test('the owner of a topic is its address and a generation that grows with each writer', async () => {
    await using place = await openPlace(catalogue);
    const reader = await place.open(READER);
    await expect(reader.ownerOf('single', 'k')).rejects.toMatchObject({ code: 'NL-LOG-008' });
    const first = await place.open(WRITER);
    const owner = await reader.ownerOf('single', 'k');
    expect(owner.address).toBe(`test://${WRITER}`);
    await first.close();
    await expect(reader.ownerOf('single', 'k')).rejects.toMatchObject({ code: 'NL-LOG-008' });
    await place.open(WRITER);
    expect((await reader.ownerOf('single', 'k')).generation).toBeGreaterThan(owner.generation);
  });
}

function describeManyWriters(openPlace: OpenLogPlace): void {
  test('two instances of a service append to one topic, and neither loses a record', async () => {
    await using place = await openPlace(catalogue);
    const instances = [await place.open(WRITER), await place.open(WRITER)];
    await Promise.all(instances.flatMap((log, i) => counted(50).map((n) => log.append([record('k', `${i}/${n}`)]))));
    const read = texts(await readAll(instances[0] ?? (await place.open(READER))));
    for (const i of [0, 1]) {
      expect(read.filter((value) => value?.startsWith(`${i}/`))).toEqual(counted(50).map((n) => `${i}/${n}`));
    }
  });

  test('of two instances that commit state without ownership, the one that came first is fenced', async () => {
    await using place = await openPlace(catalogue);
    const write = (value: string) => ({ state: [{ store: 's', key: 'k', value: Buffer.from(value) }] });
    const first = await place.open(WRITER);
    await first.commit(write('1'));
    const second = await place.open(WRITER);
    expect(text(second.state.get('s', 'k') ?? null)).toBe('1');
    await second.commit(write('2'));
    await expect(first.commit(write('3'))).rejects.toMatchObject({ code: 'NL-LOG-004' });
    expect(text(second.state.get('s', 'k') ?? null)).toBe('2');
  });

  test('nobody owns a key before somebody joins a group', async () => {
    await using place = await openPlace(catalogue);
    await place.open(WRITER);
    await expect((await place.open(READER)).ownerOf('single', 'k')).rejects.toMatchObject({ code: 'NL-LOG-008' });
  });
}
