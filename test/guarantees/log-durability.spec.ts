import { offset } from '@nerveline/kernel';
import { openLog, type Log } from '@nerveline/log';
import { createTempDirectory, describeWith, eventually, startProgram, type TestProgram } from '@nerveline/testing';
import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { catalogue, readTopic } from './log-durability-program';

const PROGRAM = join(__dirname, 'log-durability-program.ts');
const ROUNDS = process.env['TEST_LONG'] === undefined ? 6 : 200;
const seed = Number(process.env['TEST_SEED'] ?? randomInt(2 ** 31));

/** mulberry32: a small generator, so that a failure can be run again. */
function randomOf(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const text = (value: Uint8Array | null | undefined): string => Buffer.from(value ?? []).toString();

const open = async (data_directory: string, service: string) => {
  const log = await openLog({ data_directory, service, catalogue });
  return { log, [Symbol.asyncDispose]: () => log.close() };
};

/** Kills a program at a random moment after it has opened its log. */
async function killSomewhere(program: TestProgram, random: () => number): Promise<void> {
  await program.next();
  // The moment of the kill is the point of the test, so here a timer is no substitute for a signal.
  await new Promise((resolve) => setTimeout(resolve, random() * 150));
  program.kill('SIGKILL');
  await program.ended;
}

const acknowledgedBy = (program: TestProgram): string[] =>
  program.messages.flatMap((message) => (message as { durable?: string[] }).durable ?? []);

describe(`log durability [seed ${seed}]`, () => {
  test('every acknowledged record of a writer that is killed again and again is in the log, once and in order', async () => {
    const random = randomOf(seed);
    await using directory = await createTempDirectory();
    const acknowledged: string[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      await using writer = startProgram(PROGRAM, [directory.path, 'writer']);
      await killSomewhere(writer, random);
      acknowledged.push(...acknowledgedBy(writer));
    }
    await using reader = await open(directory.path, 'reader');
    const ids = (await readTopic(reader.log, 'input')).map(({ value }) => text(value));
    const there = new Set(ids);
    expect(acknowledged.length).toBeGreaterThan(ROUNDS);
    expect(acknowledged.filter((id) => !there.has(id))).toEqual([]);
    expect(there.size).toBe(ids.length);
    await expectKeysInOrder(reader.log);
  }, 600_000);

  test('a consumer that is killed again and again counts every record once', async () => {
    const random = randomOf(seed + 1);
    await using directory = await createTempDirectory();
    {
      await using writer = startProgram(PROGRAM, [directory.path, 'writer']);
      await eventually(() => acknowledgedBy(writer).length > 3_000, { within_ms: 60_000 });
      writer.kill('SIGKILL');
      await writer.ended;
    }
    for (let round = 0; round < ROUNDS; round += 1) {
      await using consumer = startProgram(PROGRAM, [directory.path, 'consumer']);
      await killSomewhere(consumer, random);
    }
    await using reader = await open(directory.path, 'reader');
    const stopped_at = await reader.log.positions('consumer.counts');
    await using last = startProgram(PROGRAM, [directory.path, 'consumer']);
    await eventually(() => isThrough(reader.log), { within_ms: 60_000 });
    const before = stopped_at.reduce((sum, { next_offset }) => sum + next_offset, 0);
    expect(before).toBeGreaterThan(0);
    expect(last.pid).toBeDefined();
    await expectExactCounts(reader.log);
  }, 600_000);

  describeWith('strace', 'with a disk that fails', describeFaults);
});

async function expectKeysInOrder(log: Log): Promise<void> {
  const last = new Map<string, bigint>();
  for (const { key, value } of await readTopic(log, 'input')) {
    const [run = '', number = ''] = text(value).split('-');
    // Runs begin with the time of their start, so that a later one compares higher.
    const rank = BigInt(run) * 1_000_000n + BigInt(number);
    expect(rank > (last.get(text(key)) ?? 0n)).toBe(true);
    last.set(text(key), rank);
  }
}

async function isThrough(log: Log): Promise<boolean> {
  const positions = await log.positions('consumer.counts');
  for (let partition = 0; partition < 3; partition += 1) {
    const { next_offset } = await log.tail('input', partition);
    if ((positions.find((at) => at.partition === partition)?.next_offset ?? 0) < next_offset) return false;
  }
  return true;
}

/** Outputs are 1, 2, 3 … for each key, up to the number of its inputs: a lost one is a gap, a doubled one a repeat. */
async function expectExactCounts(log: Log): Promise<void> {
  const inputs = new Map<string, number>();
  for (const { key } of await readTopic(log, 'input')) inputs.set(text(key), (inputs.get(text(key)) ?? 0) + 1);
  const outputs = new Map<string, number[]>();
  for (const { key, value } of await readTopic(log, 'counts')) {
    outputs.set(text(key), [...(outputs.get(text(key)) ?? []), Number(text(value))]);
  }
  for (const [key, count] of inputs) {
    expect([key, outputs.get(key)]).toEqual([key, Array.from({ length: count }, (_, i) => i + 1)]);
  }
  expect(outputs.size).toBe(inputs.size);
}

function describeFaults(strace: string): void {
  const under = (fault: string) => [
    ...[strace, '-f', '-qq', '-o', '/dev/null', '-e', 'trace=fdatasync'],
    ...['-e', `inject=fdatasync:${fault}`],
  ];
  // Making an environment takes syncs of its own on the same disk: it is made before.
  const make = async (data_directory: string, service: string) => {
    await using _made = await open(data_directory, service);
  };
  const FAULTS = join(__dirname, 'log-fault-program.ts');
  // One thread writes, so that the count of syncs is a count of commits.
  const environment = { UV_THREADPOOL_SIZE: '1' };

  const syncs = ['-e', 'trace=fdatasync', '-e', 'inject=fdatasync:error=EIO:when=4'];
  // The main thread writes three pages when it opens an environment; the thread that commits meets the fault first.
  const page = (number: number, error: string) => [
    ...['-P', 'DATA', '-e', 'trace=pwrite64,pwritev', '-e', `inject=pwrite64,pwritev:error=${error}:when=${number}`],
  ];
  const faults: [string, string[]][] = [
    ['a sync that fails', syncs],
    ...[4, 5, 6, 7, 8, 9].map((n): [string, string[]] => [`a page (${n}) that cannot be written`, page(n, 'EIO')]),
    ['a full disk', page(5, 'ENOSPC')],
  ];

  test.each(faults)(
    '%s: nothing is half-written, nothing more is taken, readers go on, and a new start has what was acknowledged',
    async (_, fault) => {
      await using directory = await createTempDirectory();
      await make(directory.path, 'writer');
      const data = join(directory.path, 'log', 'writer', 'data.mdb');
      const injected = [
        strace,
        '-f',
        '-qq',
        '-o',
        '/dev/null',
        ...fault.map((word) => (word === 'DATA' ? data : word)),
      ];
      await using writer = startProgram(FAULTS, [directory.path], { under: injected, environment });
      expect(await writer.next()).toEqual({ opened: true });
      await using reader = await open(directory.path, 'reader');
      const answers: { id: number; code?: string }[] = [];
      for (let id = 0; id < 12; id += 1) {
        writer.tell({ append: id });
        answers.push((await writer.next()) as { id: number; code?: string });
      }
      const durable = answers.filter(({ code }) => code === undefined).map(({ id }) => id);
      const codes = answers.flatMap(({ code }) => code ?? []);
      expect(durable).toEqual(durable.map((_id, i) => i));
      expect(codes).toEqual(['NL-LOG-003', ...codes.slice(1).map(() => 'NL-LOG-016')]);
      // The writer is still there, and what is on the disk is read as before, also from the beginning.
      for (let partition = 0; partition < 3; partition += 1) {
        const { records } = await reader.log.read({ topic: 'input', partition, from: offset(0) });
        expect(records.map(({ value }) => Number(text(value)))).toEqual(durable);
      }
      writer.tell({ close: true });
      await writer.ended;
      await using again = await open(directory.path, 'writer');
      // Each commit writes to all partitions and to the state: all of it is there, or none of it.
      expect([...again.log.state.scan('ids', '')].map(([key]) => Number(key)).sort((a, b) => a - b)).toEqual(durable);
      for (let partition = 0; partition < 3; partition += 1) {
        const { records } = await again.log.read({ topic: 'input', partition, from: offset(0) });
        expect(records.map(({ value }) => Number(text(value)))).toEqual(durable);
      }
      await again.log.append([{ topic: 'input', key: 'k', value: null, timestamp_ms: 0 }]);
    },
    30_000,
  );

  test('a record is not visible to another process before its sync has ended', async () => {
    const DELAY_MS = 400;
    await using directory = await createTempDirectory();
    await make(directory.path, 'writer');
    await using writer = startProgram(FAULTS, [directory.path], {
      under: under(`delay_enter=${DELAY_MS * 1_000}:when=3+`),
      environment,
    });
    await writer.next();
    await using reader = await open(directory.path, 'reader');
    let asked_ms = performance.now();
    let slow = 0;
    for (let id = 0; id < 8; id += 1) {
      const woken = reader.log.waitForRecords(
        [{ topic: 'input', partition: 0, next_offset: offset(id) }],
        new AbortController().signal,
      );
      writer.tell({ append: id });
      // Look as often as the loop allows: whenever the record is there, its sync must have taken its delay.
      for (;;) {
        const { next_offset } = await reader.log.tail('input', 0);
        if (next_offset > id) break;
        await new Promise((resolve) => setImmediate(resolve));
      }
      const seen_after_ms = performance.now() - asked_ms;
      if (seen_after_ms >= DELAY_MS) slow += 1;
      else expect(slow).toBe(0);
      expect(await woken).toBe(true);
      await writer.next();
      asked_ms = performance.now();
    }
    expect(slow).toBeGreaterThan(2);
  }, 30_000);

  test('a service whose sync fails ends, and started again it counts every record once', async () => {
    await using directory = await createTempDirectory();
    await make(directory.path, 'consumer');
    await using writer = await open(directory.path, 'writer');
    await writer.log.append(
      Array.from({ length: 40 }, (_, i) => ({ topic: 'input', key: `${i}`, value: Buffer.from('x'), timestamp_ms: i })),
    );
    await using first = startProgram(PROGRAM, [directory.path, 'consumer'], {
      under: under('error=EIO:when=3'),
      environment,
    });
    expect(await first.next()).toEqual({ opened: 'consumer' });
    expect(await first.ended).toBe(1);
    expect(await isThrough(writer.log)).toBe(false);
    await using second = startProgram(PROGRAM, [directory.path, 'consumer']);
    expect(await second.next()).toEqual({ opened: 'consumer' });
    await eventually(() => isThrough(writer.log), { within_ms: 30_000 });
    await expectExactCounts(writer.log);
  }, 60_000);
}
