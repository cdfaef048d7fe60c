import { offset } from '@nerveline/kernel';
import { openLog, verifyLog, type LogTopic } from '@nerveline/log';
import { createTempDirectory, startProgram } from '@nerveline/testing';
import { open } from 'lmdb';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const catalogue: readonly LogTopic[] = [
  { name: 'single', partitions: 1, owner: 'writer', retention: { kind: 'age', retention_ms: 3_600_000 } },
];

const MARK = 'a value that is easy to find';

/** An environment with records whose writer was killed, or with `clean` one that was closed. */
async function writeRecords(data_directory: string, how: 'killed' | 'closed'): Promise<string> {
  const log = await openLog({ data_directory, service: 'writer', catalogue });
  for (let i = 0; i < 10; i += 1) {
    await log.append([{ topic: 'single', key: 'k', value: Buffer.from(`${MARK} ${i}`), timestamp_ms: i }]);
  }
  await log.close();
  if (how === 'killed') {
    await using writer = startProgram(join(__dirname, 'log-writer-program.ts'), [data_directory]);
    await writer.next();
    writer.kill('SIGKILL');
    await writer.ended;
  }
  return join(data_directory, 'log', 'writer');
}

/** Flips a bit in every copy of a text in a file: LMDB may have more than one. */
function damage(path: string, text: string): void {
  const bytes = readFileSync(path);
  for (let at = bytes.indexOf(text); at >= 0; at = bytes.indexOf(text, at + 1)) bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(path, bytes);
}

describe('an embedded log that was damaged', () => {
  test('is not served after an unclean end, and the first damaged place is named', async () => {
    await using directory = await createTempDirectory();
    const environment = await writeRecords(directory.path, 'killed');
    damage(join(environment, 'data.mdb'), `${MARK} 6`);
    const opening = openLog({ data_directory: directory.path, service: 'writer', catalogue });
    await expect(opening).rejects.toThrow(/NL-LOG-005.*single\/0 at 6/);
  });

  test('is opened after an unclean end that damaged nothing', async () => {
    await using directory = await createTempDirectory();
    await writeRecords(directory.path, 'killed');
    const log = await openLog({ data_directory: directory.path, service: 'writer', catalogue });
    expect((await log.tail('single', 0)).next_offset).toBe(10);
    await log.close();
  });

  test('does not crash the service that opens it, whichever page was overwritten', async () => {
    await using directory = await createTempDirectory();
    const environment = await writeRecords(directory.path, 'killed');
    const path = join(environment, 'data.mdb');
    const sound = readFileSync(path);
    const PAGE_BYTES = 4_096;
    const verdicts = new Set<unknown>();
    await using service = startProgram(join(__dirname, 'log-verify-program.ts'), [directory.path]);
    for (let page = 2; page * PAGE_BYTES < sound.length; page += 1) {
      const bytes = Buffer.from(sound);
      bytes.fill(0xa5, page * PAGE_BYTES, (page + 1) * PAGE_BYTES);
      writeFileSync(path, bytes);
      for (const file of ['lock.mdb', 'clean-end']) rmSync(join(environment, file), { force: true });
      service.tell({ open: true });
      verdicts.add(await service.next());
    }
    // Pages that are free, or hold what isn't read at the start, may be anything.
    expect(verdicts).toContain('NL-LOG-005');
    expect([...verdicts].filter((verdict) => verdict !== 'NL-LOG-005' && verdict !== 'sound')).toEqual([]);
  }, 120_000);

  test('refuses a damaged record when it is read, also after a clean end', async () => {
    await using directory = await createTempDirectory();
    const environment = await writeRecords(directory.path, 'closed');
    damage(join(environment, 'data.mdb'), `${MARK} 4`);
    const log = await openLog({ data_directory: directory.path, service: 'reader', catalogue });
    const read = (from: number, max_records: number) =>
      log.read({ topic: 'single', partition: 0, from: offset(from), max_records });
    expect((await read(0, 4)).records).toHaveLength(4);
    await expect(read(4, 1)).rejects.toMatchObject({ code: 'NL-LOG-005' });
    expect((await read(5, 5)).records).toHaveLength(5);
    await log.close();
  });

  test('of a newer format is refused untouched', async () => {
    await using directory = await createTempDirectory();
    const environment = await writeRecords(directory.path, 'closed');
    const root = open({ path: environment, noSubdir: false, encoding: 'binary', keyEncoding: 'binary' });
    const meta = root.openDB('meta', { encoding: 'binary', keyEncoding: 'binary', useVersions: true });
    await meta.put(Buffer.from('format'), Buffer.from([3]), 0);
    await root.close();
    const digest = () =>
      createHash('sha256')
        .update(readFileSync(join(environment, 'data.mdb')))
        .digest('hex');
    const before = digest();
    for (const service of ['writer', 'reader']) {
      const opening = openLog({ data_directory: directory.path, service, catalogue }).then(async (log) => {
        try {
          await log.tail('single', 0);
        } finally {
          await log.close();
        }
      });
      await expect(opening).rejects.toMatchObject({ code: 'NL-LOG-006' });
    }
    expect(digest()).toBe(before);
    expect(existsSync(join(environment, 'clean-end'))).toBe(true);
  });
});

describe('verifying a log by hand', () => {
  test('tells that everything is sound, also while its writer lives', async () => {
    await using directory = await createTempDirectory();
    await writeRecords(directory.path, 'closed');
    await using writer = startProgram(join(__dirname, 'log-writer-program.ts'), [directory.path]);
    await writer.next();
    const [report] = await verifyLog(directory.path);
    const partition = { topic: 'single', partition: 0, start_offset: 0, next_offset: 10, records: 10 };
    expect(report).toEqual({
      service: 'writer',
      partitions: [{ ...partition, sound: [{ from: 0, to: 10 }], damaged: [] }],
      damaged: [],
    });
  });

  test('names the records that are damaged and all that can be kept', async () => {
    await using directory = await createTempDirectory();
    const environment = await writeRecords(directory.path, 'killed');
    damage(join(environment, 'data.mdb'), `${MARK} 4`);
    damage(join(environment, 'data.mdb'), `${MARK} 7`);
    const [report] = await verifyLog(directory.path);
    const [partition] = report?.partitions ?? [];
    expect(partition?.records).toBe(8);
    expect(partition?.sound).toEqual([
      { from: 0, to: 4 },
      { from: 5, to: 7 },
      { from: 8, to: 10 },
    ]);
    expect(partition?.damaged.map(({ from, to }) => [from, to])).toEqual([
      [4, 5],
      [7, 8],
    ]);
  });

  test('ends with a report whichever page was overwritten, and calls nothing sound that the page held', async () => {
    await using directory = await createTempDirectory();
    const environment = await writeRecords(directory.path, 'killed');
    const path = join(environment, 'data.mdb');
    const sound = readFileSync(path);
    const PAGE_BYTES = 4_096;
    let reported = 0;
    for (let page = 0; page * PAGE_BYTES < sound.length; page += 1) {
      const bytes = Buffer.from(sound);
      bytes.fill(0xa5, page * PAGE_BYTES, (page + 1) * PAGE_BYTES);
      writeFileSync(path, bytes);
      rmSync(join(environment, 'lock.mdb'), { force: true });
      const [report] = await verifyLog(directory.path);
      const records = report?.partitions.reduce((sum, it) => sum + it.records, 0) ?? 0;
      const trouble = [...(report?.damaged ?? []), ...(report?.partitions.flatMap((it) => it.damaged) ?? [])];
      if (trouble.length > 0) reported += 1;
      else expect(records).toBe(10);
    }
    expect(reported).toBeGreaterThan(0);
  }, 120_000);
});
