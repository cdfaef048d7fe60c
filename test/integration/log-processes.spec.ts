import { offset } from '@nerveline/kernel';
import { openLog, type LogTopic } from '@nerveline/log';
import { createTempDirectory, startProgram } from '@nerveline/testing';
import { createHook } from 'node:async_hooks';
import { join } from 'node:path';

const PROGRAM = join(__dirname, 'log-writer-program.ts');

const catalogue: readonly LogTopic[] = [
  { name: 'single', partitions: 1, owner: 'writer', retention: { kind: 'age', retention_ms: 3_600_000 } },
];

const openReader = async (data_directory: string) => {
  const log = await openLog({ data_directory, service: 'reader', catalogue });
  return { log, [Symbol.asyncDispose]: () => log.close() };
};

const preciseNowMs = () => performance.timeOrigin + performance.now();

const waitFor = (log: Awaited<ReturnType<typeof openLog>>, next_offset: number) =>
  log.waitForRecords(
    [{ topic: 'single', partition: 0, next_offset: offset(next_offset) }],
    new AbortController().signal,
  );

describe('embedded log between processes', () => {
  test('a waiting reader is woken by a writer in another process within 5 ms, at the median within 2', async () => {
    await using directory = await createTempDirectory();
    await using reader = await openReader(directory.path);
    await using writer = startProgram(PROGRAM, [directory.path]);
    expect(await writer.next()).toEqual({ opened: true });
    // A busy machine can spoil a round, never make one quicker than the log is.
    const rounds: { median_ms: number; most_ms: number }[] = [];
    while (rounds.length < 8 && !rounds.some(({ median_ms, most_ms }) => median_ms < 2 && most_ms < 5)) {
      const delays_ms: number[] = [];
      for (let i = rounds.length * 50; delays_ms.length < 50; i += 1) {
        const woken = waitFor(reader.log, i).then(preciseNowMs);
        writer.tell({ append: i });
        const read_ms = await woken;
        const { records } = await reader.log.read({ topic: 'single', partition: 0, from: offset(i) });
        expect(records).toHaveLength(1);
        const { at_ms } = (await writer.next()) as { at_ms: number };
        delays_ms.push(read_ms - at_ms);
      }
      delays_ms.sort((a, b) => a - b);
      rounds.push({ median_ms: delays_ms[25] ?? Number.NaN, most_ms: delays_ms[47] ?? Number.NaN });
    }
    expect(rounds.at(-1)?.median_ms).toBeLessThan(2);
    expect(rounds.at(-1)?.most_ms).toBeLessThan(5);
  }, 60_000);

  test('a second process is refused while the first lives, and is served at once when that was killed', async () => {
    await using directory = await createTempDirectory();
    await using first = startProgram(PROGRAM, [directory.path]);
    expect(await first.next()).toEqual({ opened: true });
    await using second = startProgram(PROGRAM, [directory.path]);
    expect(await second.next()).toMatchObject({ refused: 'NL-LOG-010' });
    first.tell({ append: 7 });
    expect(await first.next()).toMatchObject({ durable: 7, offset: 0 });
    first.kill('SIGKILL');
    await first.ended;
    await using third = startProgram(PROGRAM, [directory.path]);
    expect(await third.next()).toEqual({ opened: true });
    third.tell({ append: 8 });
    expect(await third.next()).toMatchObject({ durable: 8, offset: 1 });
  });

  test('a writer that was paused and taken over commits nothing when it wakes', async () => {
    await using directory = await createTempDirectory();
    await using reader = await openReader(directory.path);
    await using first = startProgram(PROGRAM, [directory.path]);
    expect(await first.next()).toEqual({ opened: true });
    first.tell({ append: 1 });
    expect(await first.next()).toMatchObject({ durable: 1 });
    const before = await reader.log.ownerOf('single', 'k');
    first.kill('SIGSTOP');
    await using second = startProgram(PROGRAM, [directory.path, 'take_over']);
    expect(await second.next()).toEqual({ opened: true });
    expect((await reader.log.ownerOf('single', 'k')).generation).toBe(before.generation + 1);
    first.kill('SIGCONT');
    first.tell({ append: 2 });
    expect(await first.next()).toMatchObject({ failed: 2, code: 'NL-LOG-004' });
    const woken = waitFor(reader.log, 1);
    second.tell({ append: 3 });
    expect(await second.next()).toMatchObject({ durable: 3, offset: 1 });
    expect(await woken).toBe(true);
    expect((await reader.log.tail('single', 0)).next_offset).toBe(2);
  });

  test('a waiting reader is woken by a writer that was killed and came back', async () => {
    await using directory = await createTempDirectory();
    await using reader = await openReader(directory.path);
    for (let round = 0; round < 3; round += 1) {
      const woken = waitFor(reader.log, round);
      await using writer = startProgram(PROGRAM, [directory.path]);
      expect(await writer.next()).toEqual({ opened: true });
      writer.tell({ append: round });
      expect(await woken).toBe(true);
    }
  });

  test('a reader that waits sets no timer: nothing but the bell of a writer wakes it', async () => {
    await using directory = await createTempDirectory();
    await using writer = startProgram(PROGRAM, [directory.path]);
    expect(await writer.next()).toEqual({ opened: true });
    using timers = watchTimers();
    await using reader = await openReader(directory.path);
    const woken = waitFor(reader.log, 0);
    // It has looked, found nothing, and waits.
    await reader.log.tail('single', 0);
    writer.tell({ append: 1 });
    expect(await woken).toBe(true);
    expect(timers.set).toEqual([]);
    // Whoever looks again after a time is found out.
    setTimeout(() => undefined, 1).unref();
    expect(timers.set).toHaveLength(1);
  });
});

/** Where our own code sets timers from now on: who has none can't look again by itself. */
function watchTimers() {
  const set: string[] = [];
  const hook = createHook({
    init: (_id, type) => {
      if (type !== 'Timeout' && type !== 'Immediate') return;
      const [, , ...callers] = (new Error().stack ?? '').split('\n');
      const setter = callers.find((line) => !line.includes('node:'));
      // LMDB closes the snapshot of a read a moment after it, once.
      if (setter !== undefined && !setter.includes('node_modules')) set.push(`${type}${setter}`);
    },
  }).enable();
  return { set, [Symbol.dispose]: () => hook.disable() };
}
