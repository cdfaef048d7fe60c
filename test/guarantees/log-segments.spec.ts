import { offset, type OutRecord } from '@nerveline/kernel';
import { openLog, verifyLog, type Log } from '@nerveline/log';
import { createTempDirectory, eventually, startProgram, type TestProgram } from '@nerveline/testing';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { catalogue, readTopic } from './log-durability-program';
import { SEGMENT_BYTES, steps } from './log-segments-program';

const PROGRAM = join(__dirname, 'log-segments-program.ts');
const WRITER = join(__dirname, 'log-durability-program.ts');
const RECORDS = 400;

/** Some seven segments in one partition, in batches of one record: more of them than one transaction removes. */
async function writeRecords(data_directory: string): Promise<void> {
  const log = await openLog({ data_directory, service: 'writer', catalogue });
  const record = (n: number): OutRecord => ({
    ...{ topic: 'input', partition: 0, key: 'key', timestamp_ms: n },
    value: Buffer.from(`${n} ${'x'.repeat(900)}`),
  });
  for (let n = 0; n < RECORDS; n += 1) await log.append([record(n)]);
  await log.close();
}

async function numbersFrom(log: Log, start: number, max_bytes: number): Promise<number[]> {
  const numbers: number[] = [];
  for (let from = offset(start); from < RECORDS;) {
    const batch = await log.read({ topic: 'input', partition: 0, from, max_bytes });
    for (const record of batch.records) {
      numbers.push(Number.parseInt(Buffer.from(record.value ?? []).toString(), 10));
      expect(record.offset).toBe(numbers.at(-1));
    }
    from = batch.next_offset;
  }
  return numbers;
}

/** In many reads that end anywhere, and in one that crosses from the segments into the environment. */
async function expectAllFrom(log: Log, start: number): Promise<void> {
  for (const max_bytes of [10_000, 10_000_000]) {
    expect(await numbersFrom(log, start, max_bytes)).toEqual(all.slice(start));
  }
}

const all = Array.from({ length: RECORDS }, (_, n) => n);

function filesOf(data_directory: string) {
  const directory = join(data_directory, 'log/writer/segments');
  const names = existsSync(directory) ? readdirSync(directory) : [];
  const named = names.filter((name) => name.endsWith('.segment')).length;
  return { unfinished: names.length - named, named };
}

/** What a process that dies there leaves behind: so it was that step indeed. */
const left: Readonly<Record<(typeof steps)[number], { readonly unfinished: number; readonly named: number }>> = {
  'the first bytes are written': { unfinished: 1, named: 0 },
  'the file is about to be synced': { unfinished: 1, named: 0 },
  'the file is about to get its name': { unfinished: 1, named: 0 },
  'the file has its name': { unfinished: 0, named: 1 },
  'the directory is synced': { unfinished: 0, named: 1 },
  'the segment is known': { unfinished: 0, named: 1 },
  'the first of its batches are removed': { unfinished: 0, named: 1 },
  'a second segment is known': { unfinished: 0, named: 2 },
};

async function dies(program: TestProgram): Promise<void> {
  expect(await program.ended).toBe('SIGKILL');
}

test.each(steps)(
  'a process that is killed while it moves records into a segment, when %s, loses and doubles nothing',
  async (step) => {
    await using directory = await createTempDirectory();
    await writeRecords(directory.path);
    const reader = await openLog({ data_directory: directory.path, service: 'reader', catalogue });
    const waiting = new AbortController();
    // Its doorbell is what the program rings after each transaction.
    const never = reader.waitForRecords(
      [{ topic: 'input', partition: 0, next_offset: offset(RECORDS) }],
      waiting.signal,
    );
    {
      await using program = startProgram(PROGRAM, [directory.path, step]);
      await dies(program);
    }
    expect(filesOf(directory.path)).toEqual(left[step]);
    await expectAllFrom(reader, 0);
    await using program = startProgram(PROGRAM, [directory.path, 'none']);
    await program.next();
    // While the rest is moved, the reader goes on without a gap.
    await eventually(
      async () => {
        await expectAllFrom(reader, 0);
        return filesOf(directory.path).named >= Math.floor((RECORDS * 900) / SEGMENT_BYTES) - 1;
      },
      { within_ms: 30_000 },
    );
    await eventually(() => filesOf(directory.path).unfinished === 0);
    await expectAllFrom(reader, 0);
    waiting.abort();
    await never;
    await reader.close();
    const [report] = await verifyLog(directory.path);
    expect(report?.partitions[0]).toMatchObject({ records: RECORDS, damaged: [] });
  },
  60_000,
);

test('a process that is killed before the file of a dropped segment goes leaves nothing that is read, and the file goes later', async () => {
  await using directory = await createTempDirectory();
  await writeRecords(directory.path);
  const keep = `${3 * SEGMENT_BYTES}`;
  {
    await using program = startProgram(PROGRAM, [directory.path, 'none']);
    await eventually(() => filesOf(directory.path).named >= 6, { within_ms: 30_000 });
    program.kill('SIGKILL');
    await program.ended;
  }
  const before = filesOf(directory.path).named;
  {
    await using program = startProgram(PROGRAM, [directory.path, 'a dropped file is about to go', keep]);
    await dies(program);
  }
  expect(filesOf(directory.path).named).toBe(before);
  await using program = startProgram(PROGRAM, [directory.path, 'none', keep]);
  await eventually(() => filesOf(directory.path).named <= 4, { within_ms: 30_000 });
  expect(program.messages).toEqual([{ opened: true }]);
  // What retention is at while somebody reads is its own business: here it stands still.
  program.kill('SIGKILL');
  await program.ended;
  const reader = await openLog({ data_directory: directory.path, service: 'reader', catalogue });
  const { start_offset } = await reader.tail('input', 0);
  expect(start_offset).toBeGreaterThan(RECORDS / 4);
  await expectAllFrom(reader, start_offset);
  await reader.close();
}, 60_000);

const ROUNDS = process.env['TEST_LONG'] === undefined ? 5 : 100;

test('every acknowledged record of a writer that is killed again and again while it moves them is in the log, once and in order', async () => {
  await using directory = await createTempDirectory();
  const acknowledged: string[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    await using writer = startProgram(WRITER, [directory.path, 'writer', 'segments']);
    const named = filesOf(directory.path).named;
    // Each time in the middle of appends and of a move.
    await eventually(() => filesOf(directory.path).named > named + 2, { within_ms: 30_000 });
    writer.kill('SIGKILL');
    await writer.ended;
    acknowledged.push(...writer.messages.flatMap((message) => (message as { durable?: string[] }).durable ?? []));
  }
  const reader = await openLog({ data_directory: directory.path, service: 'reader', catalogue });
  const records = await readTopic(reader, 'input');
  await reader.close();
  const ids = records.map(({ value }) => Buffer.from(value ?? []).toString());
  const there = new Set(ids);
  expect(acknowledged.length).toBeGreaterThan(ROUNDS);
  expect(acknowledged.filter((id) => !there.has(id))).toEqual([]);
  expect(there.size).toBe(ids.length);
  for (const partition of [0, 1, 2]) {
    const offsets = records.filter((record) => record.partition === partition).map((record) => record.offset);
    expect(offsets).toEqual(Array.from({ length: offsets.length }, (_, i) => i));
  }
}, 300_000);
