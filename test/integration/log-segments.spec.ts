import { offset } from '@nerveline/kernel';
import { openLog, verifyLog, type Log, type LogTopic, type OpenLogOptions } from '@nerveline/log';
import { createTempDirectory, eventually, type TempDirectory } from '@nerveline/testing';
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const MEBIBYTE = 1024 * 1024;
const RECORDS = 100;
const MARK = 'a value that is easy to find';

const topic = (name: string, retention_bytes?: number): LogTopic => ({
  ...{ name, partitions: 1, owner: 'writer' },
  retention: {
    kind: 'age',
    retention_ms: 3_600_000,
    ...(retention_bytes !== undefined && { retention_bytes }),
  },
});
const catalogue = [topic('single'), topic('small', 50_000), topic('large', 2 * MEBIBYTE)];

async function open(directory: TempDirectory, settings: Partial<OpenLogOptions> = {}) {
  const errors: unknown[] = [];
  const onHousekeepingError = (error: unknown) => void errors.push(error);
  const place = { data_directory: directory.path, service: 'writer', catalogue, onHousekeepingError };
  const log = await openLog({ ...place, segment_bytes: 4_000, housekeeping_interval_ms: 5, ...settings });
  return { log, errors, [Symbol.asyncDispose]: () => log.close() };
}

const append = async (log: Log, name: string, from = 0, to = RECORDS): Promise<void> => {
  for (let n = from; n < to; n += 1) {
    const value = Buffer.from(`${MARK} ${n} ${'x'.repeat(300)}`);
    await log.append([{ topic: name, key: 'k', value, timestamp_ms: 10 * n }]);
  }
};

const segmentsOf = (directory: TempDirectory): string[] => {
  const path = join(directory.path, 'log/writer/segments');
  return readdirSync(path, { withFileTypes: true })
    .filter(({ name }) => name.endsWith('.segment'))
    .map(({ name }) => join(path, name))
    .sort();
};

const isMoved = (directory: TempDirectory) => () => {
  try {
    return segmentsOf(directory).length >= 8;
  } catch {
    return false;
  }
};

function bytesOnDisk(directory: TempDirectory): number {
  const path = join(directory.path, 'log/writer');
  let bytes = statSync(join(path, 'data.mdb')).size;
  for (const segment of segmentsOf(directory)) bytes += statSync(segment, { throwIfNoEntry: false })?.size ?? 0;
  return bytes;
}

/** Without their writer, moved: a hundred records in some ten segments and the environment. */
async function writeMoved(directory: TempDirectory): Promise<void> {
  await using place = await open(directory);
  await append(place.log, 'single');
  await eventually(isMoved(directory));
  expect(place.errors).toEqual([]);
}

/** Flips a bit in every copy of a text in the segments. */
function damage(directory: TempDirectory, text: string): void {
  for (const path of segmentsOf(directory)) {
    const bytes = readFileSync(path);
    for (let at = bytes.indexOf(text); at >= 0; at = bytes.indexOf(text, at + 1)) bytes[at] = (bytes[at] ?? 0) ^ 1;
    writeFileSync(path, bytes);
  }
}

describe('embedded log segments', () => {
  test('what retention frees is given back: the bytes on disk stay near what is kept, however much was written', async () => {
    await using directory = await createTempDirectory();
    await using place = await open(directory, { segment_bytes: MEBIBYTE / 2 });
    const batch = Array.from({ length: 100 }, (_, n) => ({
      ...{ topic: 'large', key: 'k', timestamp_ms: n },
      value: Buffer.alloc(1_000, 'x'),
    }));
    const WRITTEN_MIB = 40;
    for (let n = 0; n < (WRITTEN_MIB * MEBIBYTE) / 100_000; n += 1) await place.log.append(batch);
    await eventually(() => bytesOnDisk(directory) < (WRITTEN_MIB / 3) * MEBIBYTE, { within_ms: 20_000 });
    await eventually(() => segmentsOf(directory).reduce((sum, path) => sum + statSync(path).size, 0) < 3 * MEBIBYTE, {
      within_ms: 20_000,
    });
    expect(place.errors).toEqual([]);
  }, 60_000);

  test('reading from any offset, and finding any time, are what they were before the records were moved', async () => {
    await using directory = await createTempDirectory();
    await writeMoved(directory);
    await using place = await open(directory);
    for (let from = 0; from < RECORDS; from += 1) {
      const batch = await place.log.read({ topic: 'single', partition: 0, from: offset(from), max_records: 20 });
      const expected = Array.from({ length: Math.min(20, RECORDS - from) }, (_, i) => from + i);
      expect(batch.records.map((record) => record.offset)).toEqual(expected);
      expect(await place.log.offsetAt('single', 0, 10 * from - 5)).toBe(from);
    }
    expect((await place.log.tail('single', 0)).last?.offset).toBe(RECORDS - 1);
  });

  test('a partition with more bytes than its topic allows loses as many as it must, counted without what its segments still hold below', async () => {
    await using directory = await createTempDirectory();
    await using place = await open(directory, { segment_bytes: 10_000 });
    await append(place.log, 'small', 0, 400);
    await eventually(async () => (await place.log.tail('small', 0)).start_offset > 200);
    const batch_bytes = 400;
    await eventually(() => segmentsOf(directory).length <= 7);
    const { start_offset, next_offset } = await place.log.tail('small', 0);
    expect(next_offset - start_offset).toBeGreaterThan(0.8 * (50_000 / batch_bytes));
    expect(next_offset - start_offset).toBeLessThan(1.2 * (50_000 / batch_bytes));
  });

  test('a directory of the version before opens, and is moved from then on', async () => {
    await using directory = await createTempDirectory();
    {
      await using place = await open(directory, { segment_bytes: Infinity });
      await append(place.log, 'single');
    }
    expect(() => segmentsOf(directory)).toThrow(/ENOENT/);
    await using place = await open(directory);
    await eventually(isMoved(directory));
    const { records } = await place.log.read({ topic: 'single', partition: 0, from: offset(0) });
    expect(records).toHaveLength(RECORDS);
  });

  test('a damaged record is not served, and verification names it and all that can be kept', async () => {
    await using directory = await createTempDirectory();
    await writeMoved(directory);
    damage(directory, `${MARK} 14 `);
    {
      await using place = await open(directory);
      const reading = place.log.read({ topic: 'single', partition: 0, from: offset(14) });
      await expect(reading).rejects.toMatchObject({ code: 'NL-LOG-005' });
    }
    const [report] = await verifyLog(directory.path);
    const [partition] = report?.partitions ?? [];
    expect(partition?.records).toBe(RECORDS - 1);
    expect(partition?.damaged.map(({ from, to }) => [from, to])).toEqual([[14, 15]]);
  });

  test.each([
    ['is gone', (path: string) => rmSync(path)],
    ['was cut off', (path: string) => writeFileSync(path, readFileSync(path).subarray(0, -100))],
    [
      'has a damaged list of batches',
      (path: string) => {
        const bytes = readFileSync(path);
        bytes[bytes.length - 30] = (bytes[bytes.length - 30] ?? 0) ^ 1;
        writeFileSync(path, bytes);
      },
    ],
  ])(
    'a segment that %s is never passed over: reading it fails, verification names its records, and after an unclean end nothing is served',
    async (_, harm) => {
      await using directory = await createTempDirectory();
      await writeMoved(directory);
      const [first = ''] = segmentsOf(directory).sort((a, b) => baseOf(a) - baseOf(b));
      harm(first);
      const [report] = await verifyLog(directory.path);
      const [partition] = report?.partitions ?? [];
      const [damaged] = partition?.damaged ?? [];
      expect(partition?.damaged).toHaveLength(1);
      expect(damaged?.from).toBe(0);
      expect(partition?.records).toBe(RECORDS - (damaged?.to ?? 0));
      await using reader = await open(directory, { service: 'reader' });
      const reading = reader.log.read({ topic: 'single', partition: 0, from: offset(0) });
      await expect(reading).rejects.toMatchObject({ code: 'NL-LOG-005' });
      // As a process leaves it that is killed.
      rmSync(join(directory.path, 'log/writer/clean-end'), { force: true });
      await expect(open(directory)).rejects.toThrow(/NL-LOG-005/);
    },
  );
});

const baseOf = (path: string): number => Number(/-0-(\d+)-\d+-[0-9a-f]+\.segment$/.exec(path)?.[1]);
