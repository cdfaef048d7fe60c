import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { offset } from '@nerveline/kernel';
import { LogBackup, openLog, verifyLog, type Log, type LogTopic } from '@nerveline/log';
import { createTempDirectory, eventually } from '@nerveline/testing';

const topic = (name: string, owner: string): LogTopic => ({
  ...{ name, owner, partitions: 1 },
  retention: { kind: 'compacted' },
});
const catalogue = [topic('asks', 'left'), topic('answers', 'right')];
const record = (of: string, value: string) => ({ topic: of, key: value, value: Buffer.from(value), timestamp_ms: 1 });

async function openPair(data_directory: string) {
  const open = (service: string) => openLog({ data_directory, service, catalogue });
  const [left, right] = [await open('left'), await open('right')];
  return {
    ...{ left, right },
    async [Symbol.asyncDispose]() {
      await left.close();
      await right.close();
    },
  };
}

/** Each writes on, and notes in the same step how much it has read of the other one. */
async function follow(own: Log, service: string, topics: readonly [string, string], until: () => boolean) {
  const [written, read] = topics;
  for (let count = 0; !until(); count += 1) {
    const { next_offset } = await own.tail(read, 0);
    await own.commit({
      appends: [record(written, `${service}-${count}`)],
      state: [{ store: 'seen', key: 'last', value: Buffer.from(String(next_offset)) }],
      positions: [{ group: `${service}.reader`, topic: read, partition: 0, next_offset, applied_above: [] }],
    });
  }
}

describe('a backup of the log', () => {
  test('shows everybody at the same moment: nobody has read what is not there, in neither direction', async () => {
    await using directory = await createTempDirectory();
    await using pair = await openPair(join(directory.path, 'data'));
    await pair.left.append([record('asks', 'first')]);
    await pair.right.append([record('answers', 'first')]);
    let ended = false;
    const work = Promise.all([
      follow(pair.left, 'left', ['asks', 'answers'], () => ended),
      follow(pair.right, 'right', ['answers', 'asks'], () => ended),
    ]);
    for (let round = 0; round < 5; round += 1) {
      const to = join(directory.path, `copy-${round}`);
      await using backup = LogBackup.open(join(directory.path, 'data'));
      await backup.cut(async () => undefined);
      await backup.copyTo(join(to, 'log'));
      await using copy = await openPair(to);
      for (const [log, group, read] of [
        [copy.left, 'left.reader', 'answers'],
        [copy.right, 'right.reader', 'asks'],
      ] as const) {
        const [position] = await log.positions(group);
        const { next_offset } = await log.tail(read, 0);
        expect(position?.next_offset ?? 0).toBeLessThanOrEqual(next_offset);
        // State and position of one commit are together.
        expect(String(log.state.get('seen', 'last') ?? '0')).toBe(String(position?.next_offset ?? 0));
      }
    }
    ended = true;
    await work;
  }, 60_000);

  test('holds commits back while the moment is fixed, and lets them go on: what comes behind is not in the copy', async () => {
    await using directory = await createTempDirectory();
    const data = join(directory.path, 'data');
    await using pair = await openPair(data);
    await using elsewhere = await openPair(join(directory.path, 'elsewhere'));
    await pair.left.append([record('asks', 'before')]);
    await using backup = LogBackup.open(data);
    let durable = false;
    const { result: behind } = await backup.cut(async () => {
      const append = pair.left.append([record('asks', 'behind')]).then(() => (durable = true));
      // As many as nobody holds back take longer than this one would.
      for (let count = 0; count < 50; count += 1) await elsewhere.left.append([record('asks', `${count}`)]);
      expect(durable).toBe(false);
      return [append];
    });
    await Promise.all(behind);
    await backup.copyTo(join(directory.path, 'copy', 'log'));
    await using copy = await openPair(join(directory.path, 'copy'));
    const { records } = await copy.left.read({ topic: 'asks', partition: 0, from: offset(0) });
    expect(records.map(({ value }) => Buffer.from(value ?? []).toString())).toEqual(['before']);
    expect((await pair.left.tail('asks', 0)).next_offset).toBe(2);
  }, 60_000);

  test('has the segments that were there at the cut, also those that retention removes before they are copied', async () => {
    await using directory = await createTempDirectory();
    const data = join(directory.path, 'data');
    const kept = [{ ...topic('asks', 'left'), retention: { kind: 'age', retention_ms: 3_600_000 } as const }];
    const open = { service: 'left', catalogue: kept, segment_bytes: 4_000, housekeeping_interval_ms: 5 };
    const log = await openLog({ data_directory: data, ...open });
    for (let n = 0; n < 100; n += 1) await log.append([record('asks', `${n} ${'x'.repeat(300)}`)]);
    const path = join(data, 'log', 'left', 'segments');
    const segments = (): number =>
      existsSync(path) ? readdirSync(path).filter((name) => name.endsWith('.segment')).length : 0;
    await eventually(() => segments() >= 8, { what: 'records in segments' });
    await using backup = LogBackup.open(data);
    await backup.cut(async () => undefined);
    await log.truncateBefore('asks', 0, offset(99));
    await eventually(() => segments() === 0, { what: 'segments that are gone' });
    await log.close();
    await backup.copyTo(join(directory.path, 'copy', 'log'));
    const [report] = await verifyLog(join(directory.path, 'copy'));
    expect(report).toMatchObject({ damaged: [], partitions: [{ records: 100, sound: [{ from: 0, to: 100 }] }] });
  }, 60_000);

  test('a cut that fails lets everybody go on', async () => {
    await using directory = await createTempDirectory();
    await using pair = await openPair(directory.path);
    await using backup = LogBackup.open(directory.path);
    const cut = backup.cut(() => Promise.reject(new Error('the database is gone')));
    await expect(cut).rejects.toThrow('the database is gone');
    await pair.left.append([record('asks', 'on')]);
    expect((await pair.left.tail('asks', 0)).next_offset).toBe(1);
  });
});
