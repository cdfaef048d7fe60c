import fc from 'fast-check';
import type { Commit } from '@nerveline/kernel';
import { openLog, type Log } from '@nerveline/log';
import { TopologyRunner, type RunTopologyOptions } from '@nerveline/stream';
import { createTempDirectory, eventually } from '@nerveline/testing';
import { catalogue, GROUP, outputsOf, recordOf, sales, salesOf, summing, undisturbed } from './stream-log-program';

async function openPlace() {
  const directory = await createTempDirectory();
  const open = (service: string) => openLog({ data_directory: directory.path, service, catalogue });
  const writer = await open('stream-writer');
  const log = await open('stream-runner');
  return {
    writer,
    log,
    async [Symbol.asyncDispose]() {
      await log.close();
      await writer.close();
      await directory[Symbol.asyncDispose]();
    },
  };
}

/** The log, and a process that dies at its n-th commit: just before it, or when it was made but nobody heard of it. */
function dyingAt(log: Log, commits: number, how: 'before' | 'behind'): Log {
  let left = commits;
  const commit = async (one: Commit) => {
    left -= 1;
    if (left < 0) throw new Error('killed');
    if (left === 0 && how === 'before') throw new Error('killed');
    const positions = await log.commit(one);
    if (left === 0) throw new Error('killed');
    return positions;
  };
  return new Proxy(log, {
    get: (target, name) => {
      if (name === 'commit') return commit;
      const member: unknown = Reflect.get(target, name);
      return typeof member === 'function' ? (member.bind(target) as unknown) : member;
    },
  });
}

const quick = (log: Log): RunTopologyOptions => ({
  topology: summing(),
  log,
  group: GROUP,
  commit_every_ms: 0,
  read_ahead_records: 7,
});

test('a topology over the log gives what the driver gives, also when it is stopped and started', async () => {
  await using place = await openPlace();
  const partitions = salesOf(1, 200);
  const half = partitions.map((values) => values.slice(0, 30));
  const rest = partitions.map((values) => values.slice(30));
  for (const part of [half, rest]) {
    await place.writer.append(part.flatMap((values, partition) => values.map((value) => recordOf(value, partition))));
    const runner = await TopologyRunner.start(quick(place.log));
    await runner.caughtUp();
    await runner.stop();
  }
  const outputs = await outputsOf(place.log);
  expect(outputs.length).toBeGreaterThan(100);
  expect(outputs).toEqual(undisturbed(partitions));
});

test('crashes at any commit, before it or behind it: outputs are those of a run that was never disturbed', async () => {
  const crashes = fc.array(
    fc.record({ commits: fc.integer({ min: 1, max: 6 }), how: fc.constantFrom('before' as const, 'behind' as const) }),
    {
      minLength: 1,
      maxLength: 6,
    },
  );
  await fc.assert(
    fc.asyncProperty(fc.nat(), crashes, async (seed, schedule) => {
      await using place = await openPlace();
      const partitions = salesOf(seed, 120);
      await place.writer.append(partitions.flatMap((values, at) => values.map((value) => recordOf(value, at))));
      for (const { commits, how } of schedule) {
        const dying = await TopologyRunner.start(quick(dyingAt(place.log, commits, how)));
        await dying.caughtUp().catch(() => undefined);
        await dying.stop().catch(() => undefined);
      }
      const runner = await TopologyRunner.start(quick(place.log));
      await runner.caughtUp();
      await runner.stop();
      expect(await outputsOf(place.log)).toEqual(undisturbed(partitions));
    }),
    { numRuns: process.env.NERVELINE_LONG === '1' ? 300 : 25 },
  );
}, 120_000);

test('records that come while it runs are handled when they come', async () => {
  await using place = await openPlace();
  const runner = await TopologyRunner.start(quick(place.log));
  await runner.caughtUp();
  const partitions = salesOf(3, 60);
  await place.writer.append(partitions.flatMap((values, at) => values.map((value) => recordOf(value, at))));
  const wanted = undisturbed(partitions);
  await eventually(async () => (await outputsOf(place.log)).length === wanted.length);
  await runner.stop();
  expect(await outputsOf(place.log)).toEqual(wanted);
});

test('state of another topology is refused, and nothing is written', async () => {
  await using place = await openPlace();
  await place.writer.append(salesOf(4, 30).flatMap((values, at) => values.map((value) => recordOf(value, at))));
  const runner = await TopologyRunner.start(quick(place.log));
  await runner.caughtUp();
  await runner.stop();
  const before = await outputsOf(place.log);
  await expect(TopologyRunner.start({ ...quick(place.log), topology: summing('b') })).rejects.toMatchObject({
    code: 'NL-STR-009',
  });
  expect(await outputsOf(place.log)).toEqual(before);
});

test('a record that does not fit its schema stops the topology with the place of the record', async () => {
  await using place = await openPlace();
  await place.writer.append([{ topic: sales.name, partition: 1, key: 'a', value: Buffer.from('{}'), timestamp_ms: 0 }]);
  const runner = await TopologyRunner.start(quick(place.log));
  await expect(runner.done).rejects.toMatchObject({
    code: 'NL-LOG-011',
    detail: expect.stringContaining('stream.sales/1@0') as string,
  });
});
