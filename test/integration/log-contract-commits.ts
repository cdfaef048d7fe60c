import { consume, type LogRecord } from '@nerveline/log';
import { offset, type InputPosition } from '@nerveline/kernel';
import { randomUUID } from 'node:crypto';
import {
  catalogue,
  counted,
  never,
  place,
  READER,
  readAll,
  record,
  text,
  texts,
  WRITER,
  type OpenLogPlace,
} from './log-contract-kit';

const GROUP = `${WRITER}.main`;

const position = (
  topic: string,
  partition: number,
  next_offset: number,
  applied: readonly number[] = [],
): InputPosition => ({
  group: GROUP,
  topic,
  partition,
  next_offset: offset(next_offset),
  applied_above: applied.map(offset),
});

const write = (key: string, value: string | null, store = 's') => ({
  store,
  key,
  value: value === null ? null : Buffer.from(value),
});

/** Commits: what they bring about together, and what readers see behind their marks. */
export function describeCommitContract(openPlace: OpenLogPlace): void {
  describePositions(openPlace);
  describeState(openPlace);
  describeMarks(openPlace);
  describeRestarts(openPlace);
}

function describePositions(openPlace: OpenLogPlace): void {
  test('a commit carries positions of several partitions and topics', async () => {
    await using here = await openPlace(catalogue);
    const log = await here.open(WRITER);
    const positions = [position('events', 0, 3), position('events', 2, 7, [9, 11]), position('single', 0, 1)];
    await log.commit({ positions });
    expect(await log.positions(GROUP)).toEqual(positions);
  });

  test('of commits in one turn, the last one counts, for positions and for state', async () => {
    await using here = await openPlace(catalogue);
    const log = await here.open(WRITER);
    await Promise.all(
      counted(20).map((i) => log.commit({ state: [write('k', i)], positions: [position('single', 0, Number(i))] })),
    );
    expect(await log.positions(GROUP)).toEqual([position('single', 0, 19)]);
    expect(text(log.state.get('s', 'k') ?? null)).toBe('19');
  });

  test('a position may go back: a group that reads again says so', async () => {
    await using here = await openPlace(catalogue);
    const log = await here.open(WRITER);
    await log.commit({ positions: [position('single', 0, 50, [60])] });
    await log.commit({ positions: [position('single', 0, 10)] });
    expect(await log.positions(GROUP)).toEqual([position('single', 0, 10)]);
  });

  test('thousands of offsets above a gap come back, also after the log was opened again', async () => {
    await using here = await openPlace(catalogue);
    const log = await here.open(WRITER);
    const applied = counted(5_000)
      .map(Number)
      .filter((i) => i % 100 !== 7)
      .map((i) => i + 101);
    await log.commit({ positions: [position('single', 0, 100, applied)] });
    await log.close();
    expect(await (await here.open(READER)).positions(GROUP)).toEqual([position('single', 0, 100, applied)]);
  });

  test('a commit of nothing, and one of a position alone, are done', async () => {
    await using here = await openPlace(catalogue);
    const log = await here.open(WRITER);
    expect(await log.commit({})).toEqual([]);
    expect(await log.commit({ positions: [position('single', 0, 1)] })).toEqual([]);
    expect(await log.positions(GROUP)).toHaveLength(1);
  });
}

function describeState(openPlace: OpenLogPlace): void {
  test('state is there after the log was opened again: entries, removals, and empty values', async () => {
    await using here = await openPlace(catalogue);
    const log = await here.open(WRITER);
    await log.commit({ state: [write('a', '1'), write('b', '2'), write('c', ''), write('a', 'other', 's2')] });
    await log.commit({ state: [write('b', null), write('never', null), write('a', '3')] });
    await log.close();
    const { state } = await here.open(WRITER);
    expect([...state.scan('s', '')].map(([key, value]) => [key, text(value)])).toEqual([
      ['a', '3'],
      ['c', ''],
    ]);
    expect(text(state.get('s2', 'a') ?? null)).toBe('other');
  });

  test('a commit of a thousand entries is whole', async () => {
    await using here = await openPlace(catalogue);
    const log = await here.open(WRITER);
    const keys = counted(1_000).map((i) => `demo/${i.padStart(4, '0')}`);
    await log.commit({ state: keys.map((key) => write(key, `${key}:${'x'.repeat(1_000)}`)) });
    const scanned = [...log.state.scan('s', 'demo/')];
    expect(scanned.map(([key]) => key)).toEqual(keys);
    expect(scanned.every(([key, value]) => text(value)?.startsWith(`${key}:`))).toBe(true);
  });

  test.each([
    ['a key over 1,024 bytes', write('k'.repeat(1_025), 'x')],
    ['a store without a name', write('k', 'x', '')],
    ['a store with a zero byte in its name', write('k', 'x', 'a\0b')],
  ])('%s is refused, and nothing of its commit stays', async (_, bad) => {
    await using here = await openPlace(catalogue);
    const log = await here.open(WRITER);
    const refused = log.commit({ appends: [record('k', '0')], state: [write('good', 'x'), bad] });
    await expect(refused).rejects.toMatchObject({ code: 'NL-LOG-014' });
    expect(await readAll(log)).toEqual([]);
    expect(log.state.get('s', 'good')).toBeUndefined();
  });
}

function describeMarks(openPlace: OpenLogPlace): void {
  test('commits one after another leave nothing between their records that a reader would stumble over', async () => {
    await using here = await openPlace(catalogue);
    const log = await here.open(WRITER);
    for (const i of counted(5)) {
      await log.commit({ appends: [record('k', i), record('k', `${i}+`)], state: [write('k', i)] });
    }
    expect(texts(await readAll(log))).toEqual(counted(5).flatMap((i) => [i, `${i}+`]));
    const { next_offset, last } = await log.tail('single', 0);
    expect(text(last?.value ?? null)).toBe('4+');
    const end = await log.read({ topic: 'single', partition: 0, from: next_offset });
    expect(end).toEqual({ records: [], next_offset, tail_offset: next_offset });
  });

  test('a reader that waits behind a commit is woken by the next one, and reads it', async () => {
    await using here = await openPlace(catalogue);
    const log = await here.open(WRITER);
    const reader = await here.open(READER);
    const seen: (string | null)[] = [];
    let from = offset(0);
    for (const i of counted(4)) {
      await log.commit({ appends: [record('k', i)], state: [write('k', i)] });
      while (seen.length <= Number(i)) {
        await reader.waitForRecords([place(0, from, 'single')], never);
        const batch = await reader.read({ topic: 'single', partition: 0, from });
        seen.push(...texts(batch.records));
        from = batch.next_offset;
      }
    }
    expect(seen).toEqual(counted(4));
  });

  test('a consumer gets past the marks of commits to the tail', async () => {
    await using here = await openPlace(catalogue);
    const log = await here.open(WRITER);
    const seen: (string | null)[] = [];
    const handle = (records: readonly LogRecord[]) => void seen.push(...texts(records));
    const consumer = consume(log, { group: GROUP, topics: ['single'], from: 'earliest', handle });
    for (const i of counted(3)) {
      await log.commit({ appends: [record('k', i)], state: [write('k', i)] });
      await consumer.caughtUp();
    }
    expect(seen).toEqual(counted(3));
    await consumer.stop();
  });

  test('records of a commit over several partitions and records of plain appends beside it all get their own offsets', async () => {
    await using here = await openPlace(catalogue);
    const log = await here.open(WRITER);
    const spread = (i: string) =>
      counted(6).map((n) => record('k', `${i}.${n}`, { topic: 'events', partition: Number(n) % 3 }));
    const given = await Promise.all(
      counted(8).flatMap((i) => [
        log.append(spread(`a${i}`)),
        log.commit({ appends: spread(`c${i}`), state: [write('k', i)] }),
      ]),
    );
    const by_place = new Map<string, string | null>();
    for (const partition of [0, 1, 2]) {
      for (const each of await readAll(log, 'events', partition))
        by_place.set(`${partition}/${each.offset}`, text(each.value));
    }
    const values = counted(8).flatMap((i) => [`a${i}`, `c${i}`]);
    for (const [i, positions] of given.entries()) {
      const found = positions.map(({ partition, offset: at }) => by_place.get(`${partition}/${at}`));
      expect(found).toEqual(counted(6).map((n) => `${values[i]}.${n}`));
    }
    expect(by_place.size).toBe(96);
  });
}

function describeRestarts(openPlace: OpenLogPlace): void {
  const group = () => `${WRITER}.${randomUUID().slice(0, 8)}`;

  test('a batch that failed between its effect and its commit is handled again after a restart, and no other', async () => {
    await using here = await openPlace(catalogue);
    const log = await here.open(WRITER);
    const name = group();
    await log.append(counted(4).map((i) => record('k', i)));
    const effects: (string | null)[] = [];
    const run = (broken_at: string | undefined) =>
      consume(log, {
        group: name,
        topics: ['single'],
        from: 'earliest',
        max_batch_bytes: 1,
        handle: (records) => {
          effects.push(...texts(records));
          if (texts(records).includes(broken_at ?? null)) throw new Error('killed behind its effect');
        },
      });
    await expect(run('2').done).rejects.toThrow('killed behind its effect');
    const second = run(undefined);
    await second.caughtUp();
    await second.stop();
    expect(effects).toEqual(['0', '1', '2', '2', '3']);
  });

  test('a consumer of several partitions handles all of each in its order, an empty one among them', async () => {
    await using here = await openPlace(catalogue);
    const log = await here.open(WRITER);
    await log.append(
      counted(100).map((i) => record('k', i, { topic: 'events', partition: Number(i) % 2 === 0 ? 0 : 2 })),
    );
    const seen: string[][] = [[], [], []];
    const consumer = consume(log, {
      group: group(),
      topics: ['events'],
      from: 'earliest',
      handle: (records) => {
        for (const each of records) seen[each.partition]?.push(text(each.value) ?? '');
      },
    });
    await consumer.caughtUp();
    await consumer.stop();
    expect(seen).toEqual(
      [0, 1].flatMap((rest) => [counted(100).filter((i) => Number(i) % 2 === rest), []]).toSpliced(3),
    );
  });

  test('tombstones reach the consumer as what they are', async () => {
    await using here = await openPlace(catalogue);
    const log = await here.open(WRITER);
    await log.append([record('a', '1'), record('a', null), record('b', '2')]);
    const seen: (string | null)[] = [];
    const handle = (records: readonly LogRecord[]) => void seen.push(...texts(records));
    const consumer = consume(log, { group: group(), topics: ['single'], from: 'earliest', handle });
    await consumer.caughtUp();
    await consumer.stop();
    expect(seen).toEqual(['1', null, '2']);
  });

  test('two groups get everything, each for itself', async () => {
    await using here = await openPlace(catalogue);
    const log = await here.open(WRITER);
    const seen: (string | null)[][] = [[], []];
    const consumers = seen.map((of_group) =>
      consume(log, {
        group: group(),
        topics: ['single'],
        from: 'earliest',
        handle: (records) => void of_group.push(...texts(records)),
      }),
    );
    await log.append(counted(30).map((i) => record('k', i)));
    for (const consumer of consumers) {
      await consumer.caughtUp();
      await consumer.stop();
    }
    expect(seen).toEqual([counted(30), counted(30)]);
  });

  test('a consumer that waits for records stops when it is told to', async () => {
    await using here = await openPlace(catalogue);
    const log = await here.open(WRITER);
    const consumer = consume(log, { group: group(), topics: ['events'], from: 'earliest', handle: () => undefined });
    await consumer.caughtUp();
    const begun_ms = performance.now();
    await consumer.stop();
    expect(performance.now() - begun_ms).toBeLessThan(3_000);
    await consumer.done;
  });

  test('records that are larger than the batch a consumer asks for reach it, one by one', async () => {
    await using here = await openPlace(catalogue);
    const log = await here.open(WRITER);
    await log.append(counted(3).map((i) => record('k', `${i}${'x'.repeat(300_000)}`)));
    const sizes: number[] = [];
    const consumer = consume(log, {
      group: group(),
      topics: ['single'],
      from: 'earliest',
      max_batch_bytes: 1_000,
      handle: (records) => void sizes.push(...records.map(({ value }) => value?.length ?? 0)),
    });
    await consumer.caughtUp();
    await consumer.stop();
    expect(sizes).toEqual([300_001, 300_001, 300_001]);
  });
}
