import { partitionFor } from '@nerveline/log';
import { offset } from '@nerveline/kernel';
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

/*
 * What users of other Kafka clients reported as lost, reordered, doubled or stuck: each report is a promise here. (kafkajs
 * 1277, 1441, 1527, 1558 and platformatic/kafka's regression plan, among others.)
 */
export function describePeersContract(openPlace: OpenLogPlace): void {
  describeBytes(openPlace);
  describeOrder(openPlace);
  describeWaiting(openPlace);
}

function describeBytes(openPlace: OpenLogPlace): void {
  test('a record of the largest size goes through whole, and one that is larger is refused before anything is sent', async () => {
    await using here = await openPlace(catalogue);
    const log = await here.open(WRITER, { max_record_bytes: 200_000 });
    const largest = Buffer.alloc(199_900, 'x');
    await log.append([record('k', 'small'), { ...record('k', null), value: largest }]);
    await expect(
      log.append([record('k', 'other'), { ...record('k', null), value: Buffer.alloc(200_001) }]),
    ).rejects.toMatchObject({ code: 'NL-LOG-007' });
    const read = await readAll(log);
    expect(read).toHaveLength(2);
    expect(Buffer.compare(Buffer.from(read[1]?.value ?? []), largest)).toBe(0);
  });

  test('a record larger than what a reader asks for is given alone, and reading goes on behind it', async () => {
    await using here = await openPlace(catalogue);
    const log = await here.open(WRITER);
    await log.append([record('k', 'a'), record('k', 'b'.repeat(900_000)), record('k', 'c')]);
    const seen: number[] = [];
    for (let from = offset(0); from < 3;) {
      const batch = await log.read({ topic: 'single', partition: 0, from, max_bytes: 100 });
      expect(batch.records.length).toBeGreaterThan(0);
      seen.push(...batch.records.map(({ value }) => value?.length ?? -1));
      from = batch.next_offset;
    }
    expect(seen).toEqual([1, 900_000, 1]);
  });

  test('an append of many times what one request takes stays whole and in order', async () => {
    await using here = await openPlace(catalogue);
    const log = await here.open(WRITER);
    const filler = 'x'.repeat(1_000);
    const positions = await log.append(counted(4_000).map((i) => record('k', `${i}:${filler}`)));
    expect(positions.map(({ offset: at }) => at)).toEqual(counted(4_000).map(Number));
    const read = await readAll(log);
    expect(read.map(({ value }) => text(value)?.split(':')[0])).toEqual(counted(4_000));
  });

  test('keys and values are bytes: whatever is in them comes back', async () => {
    await using here = await openPlace(catalogue);
    const log = await here.open(WRITER);
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
    await log.append([{ topic: 'single', key: bytes, value: bytes, timestamp_ms: 1 }]);
    const [read] = await readAll(log);
    expect([...(read?.key ?? [])]).toEqual([...bytes]);
    expect([...(read?.value ?? [])]).toEqual([...bytes]);
  });

  test('an empty key is a key, and none is none', async () => {
    await using here = await openPlace(catalogue);
    const log = await here.open(WRITER);
    await log.append([record('', 'x'), record(null, 'y')]);
    expect((await readAll(log)).map(({ key }) => text(key))).toEqual(['', null]);
  });

  test.each([0, 1, 999.25, 1_514_764_800_000, 9_000_000_000_000])(
    'an event time of %p ms comes back as it was',
    async (timestamp_ms) => {
      await using here = await openPlace(catalogue);
      const log = await here.open(WRITER);
      const before_ms = Date.now();
      await log.append([record('k', 'x', { timestamp_ms })]);
      const [read] = await readAll(log);
      expect(read?.timestamp_ms).toBe(timestamp_ms);
      // When it was appended has nothing to do with it.
      expect(read?.appended_ms).toBeGreaterThanOrEqual(before_ms - 1);
    },
  );

  test("a record's headers are its own: the next one without any has none", async () => {
    await using here = await openPlace(catalogue);
    const log = await here.open(WRITER);
    const many = Object.fromEntries(counted(100).map((i) => [`h${i}`, `v${i}`]));
    await log.append([
      record('k', '0', { headers: many }),
      record('k', '1'),
      record('k', '2', { headers: { a: 'b' } }),
    ]);
    expect((await readAll(log)).map(({ headers }) => headers)).toEqual([many, {}, { a: 'b' }]);
  });
}

function describeOrder(openPlace: OpenLogPlace): void {
  test('a clock that goes back changes neither order nor offsets', async () => {
    await using here = await openPlace(catalogue);
    const log = await here.open(WRITER);
    for (const timestamp_ms of [3_000, 2_000, 1_000]) {
      await log.append([
        record('k', `${timestamp_ms}`, { timestamp_ms }),
        record('k', `${timestamp_ms}+`, { timestamp_ms: timestamp_ms - 500 }),
      ]);
    }
    expect(texts(await readAll(log))).toEqual(['3000', '3000+', '2000', '2000+', '1000', '1000+']);
  });

  test('appends that nobody waits for between are stored in the order of their calls', async () => {
    await using here = await openPlace(catalogue);
    const log = await here.open(WRITER);
    const positions = await Promise.all(counted(300).map((i) => log.append([record('k', i)])));
    expect(positions.map(([position]) => position?.offset)).toEqual(counted(300).map(Number));
    expect(texts(await readAll(log))).toEqual(counted(300));
  });

  test('a refused append takes no offset, and what comes behind it is stored', async () => {
    await using here = await openPlace(catalogue);
    const log = await here.open(WRITER);
    const good = log.append([record('k', '0')]);
    const bad = log.append([record('k', '1', { partition: 5 })]);
    const behind = log.append([record('k', '2')]);
    await expect(bad).rejects.toMatchObject({ code: 'NL-LOG-012' });
    expect([(await good)[0]?.offset, (await behind)[0]?.offset]).toEqual([0, 1]);
  });

  test('an append of nothing is done at once, with no positions', async () => {
    await using here = await openPlace(catalogue);
    expect(await (await here.open(WRITER)).append([])).toEqual([]);
  });

  test('records without a key are spread over all partitions', async () => {
    await using here = await openPlace(catalogue);
    const log = await here.open(WRITER);
    const positions = await log.append(counted(9).map((i) => record(null, i, { topic: 'events' })));
    expect(new Set(positions.map(({ partition }) => partition)).size).toBe(3);
  });

  test("a key lies where Kafka's own partitioner puts it, unless the writer says otherwise", async () => {
    await using here = await openPlace(catalogue);
    const log = await here.open(WRITER);
    const keys = counted(20).map((i) => `demo/card-${i}`);
    const positions = await log.append(keys.map((key) => record(key, 'x', { topic: 'events' })));
    expect(positions.map(({ partition }) => partition)).toEqual(keys.map((key) => partitionFor(key, 3)));
    const [forced] = await log.append([record('demo/card-1', 'x', { topic: 'events', partition: 2 })]);
    expect(forced?.partition).toBe(2);
  });

  test('reading one record at a time gives each once', async () => {
    await using here = await openPlace(catalogue);
    const log = await here.open(WRITER);
    await log.append(counted(120).map((i) => record('k', i)));
    const seen: (string | null)[] = [];
    for (let from = offset(0); from < 120;) {
      const batch = await log.read({ topic: 'single', partition: 0, from, max_records: 1 });
      seen.push(...texts(batch.records));
      from = batch.next_offset;
    }
    expect(seen).toEqual(counted(120));
  });

  test('two readers at different places of a partition do not disturb each other', async () => {
    await using here = await openPlace(catalogue);
    const log = await here.open(WRITER);
    await log.append(counted(60).map((i) => record('k', i)));
    const cursors = [offset(0), offset(30)];
    const seen: (string | null)[][] = [[], []];
    for (let round = 0; round < 30; round += 1) {
      for (const [i, from] of cursors.entries()) {
        const batch = await log.read({ topic: 'single', partition: 0, from, max_records: 1 });
        seen[i]?.push(...texts(batch.records));
        cursors[i] = batch.next_offset;
      }
    }
    expect(seen).toEqual([counted(30), counted(60).slice(30)]);
  });

  test('a reader that goes back reads the same again', async () => {
    await using here = await openPlace(catalogue);
    const log = await here.open(WRITER);
    await log.append(counted(20).map((i) => record('k', i)));
    const read = async (from: number) =>
      texts((await log.read({ topic: 'single', partition: 0, from: offset(from), max_records: 5 })).records);
    expect(await read(0)).toEqual(['0', '1', '2', '3', '4']);
    expect(await read(5)).toEqual(['5', '6', '7', '8', '9']);
    expect(await read(2)).toEqual(['2', '3', '4', '5', '6']);
    expect(await read(15)).toEqual(['15', '16', '17', '18', '19']);
  });

  test('what is appended while somebody reads is read, once and in order', async () => {
    await using here = await openPlace(catalogue);
    const log = await here.open(WRITER);
    const appending = (async () => {
      for (const i of counted(200)) await log.append([record('k', i)]);
    })();
    const seen: (string | null)[] = [];
    for (let from = offset(0); seen.length < 200;) {
      await log.waitForRecords([{ topic: 'single', partition: 0, next_offset: from }], never);
      const batch = await log.read({ topic: 'single', partition: 0, from });
      seen.push(...texts(batch.records));
      from = batch.next_offset;
    }
    await appending;
    expect(seen).toEqual(counted(200));
  });

  test('another service reads the same bytes at the same offsets', async () => {
    await using here = await openPlace(catalogue);
    const log = await here.open(WRITER);
    const reader = await here.open(READER);
    await log.append(counted(25).map((i) => record(`k${i}`, i, { headers: { i } })));
    expect(await readAll(reader)).toEqual(await readAll(log));
  });
}

function describeWaiting(openPlace: OpenLogPlace): void {
  test('at the tail there is nothing, however often one asks', async () => {
    await using here = await openPlace(catalogue);
    const log = await here.open(WRITER);
    await log.append([record('k', '0')]);
    for (let i = 0; i < 5; i += 1) {
      const batch = await log.read({ topic: 'single', partition: 0, from: offset(1) });
      expect(batch).toEqual({ records: [], next_offset: 1, tail_offset: 1 });
    }
  });

  test('what was appended is read at once by whoever appended it, also where it has just read that there is nothing', async () => {
    await using here = await openPlace(catalogue);
    const log = await here.open(WRITER);
    for (let i = 0; i < 30; i += 1) {
      const from = offset(i);
      expect((await log.read({ topic: 'single', partition: 0, from })).records).toEqual([]);
      await log.append([record('k', `${i}`)]);
      expect(texts((await log.read({ topic: 'single', partition: 0, from })).records)).toEqual([`${i}`]);
    }
  });

  test('an empty partition holds nobody up: a reader of several is woken by the first that has something', async () => {
    await using here = await openPlace(catalogue);
    const log = await here.open(WRITER);
    const woken = log.waitForRecords([place(0, 0), place(1, 0), place(2, 0)], never);
    await log.append([record('k', '0', { topic: 'events', partition: 2 })]);
    expect(await woken).toBe(true);
    // And the empty ones are still waited for.
    const again = log.waitForRecords([place(0, 0), place(1, 0), place(2, 1)], never);
    await log.append([record('k', '1', { topic: 'events', partition: 0 })]);
    expect(await again).toBe(true);
    expect((await log.read({ topic: 'events', partition: 1, from: offset(0) })).records).toEqual([]);
  });

  test('everybody who waits for a record is woken by it', async () => {
    await using here = await openPlace(catalogue);
    const log = await here.open(WRITER);
    const reader = await here.open(READER);
    const waiting = [log, reader, log, reader].map((each) => each.waitForRecords([place(1, 0)], never));
    await log.append([record('k', '0', { topic: 'events', partition: 1 })]);
    expect(await Promise.all(waiting)).toEqual([true, true, true, true]);
  });

  test('who waits for what is there already does not wait', async () => {
    await using here = await openPlace(catalogue);
    const log = await here.open(WRITER);
    await log.append([record('k', '0'), record('k', '1')]);
    for (const next_offset of [0, 1]) {
      expect(await log.waitForRecords([place(0, next_offset, 'single')], never)).toBe(true);
    }
  });

  test('a reader that waits at the tail sleeps through a truncation, and is woken by the next record', async () => {
    await using here = await openPlace(catalogue);
    const log = await here.open(WRITER);
    await log.append(counted(5).map((i) => record('k', i)));
    const woken = log.waitForRecords([place(0, 5, 'single')], never);
    await log.truncateBefore('single', 0, offset(5));
    await log.truncateBefore('single', 0, offset(5));
    await log.append([record('k', '5')]);
    expect(await woken).toBe(true);
    expect(texts((await log.read({ topic: 'single', partition: 0, from: offset(5) })).records)).toEqual(['5']);
  });
}
