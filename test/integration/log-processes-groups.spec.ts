import { offset } from '@nerveline/kernel';
import { openLog, type Log } from '@nerveline/log';
import { createTempDirectory, eventually, startProgram, type TestProgram } from '@nerveline/testing';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { answerTo, ownedBy, said, shares } from './log-members';
import { catalogue, GROUP, PARTITIONS } from './log-processes-member-program';

const PROGRAM = join(__dirname, 'log-processes-member-program.ts');

const COMMITTED = { committed: expect.any(Number) as number };

const startMember = (data_directory: string, name: string, drain = 'at_once') =>
  startProgram(PROGRAM, [data_directory, name, drain]);

const joined = (member: TestProgram) =>
  eventually(() => said(member).some((message) => message.joined !== undefined), { within_ms: 30_000 });

const openReader = async (data_directory: string) => {
  const log = await openLog({ data_directory, service: 'reader', catalogue });
  return { log, [Symbol.asyncDispose]: () => log.close() };
};

async function textsOf(log: Log, partition: number): Promise<string[]> {
  const { next_offset } = await log.tail('work', partition);
  const texts: string[] = [];
  for (let from = offset(0); from < next_offset;) {
    const batch = await log.read({ topic: 'work', partition, from });
    expect(batch.records.map((record) => record.offset)).toEqual(batch.records.map((_, i) => from + i));
    texts.push(...batch.records.map(({ value }) => Buffer.from(value ?? []).toString()));
    from = batch.next_offset;
  }
  return texts;
}

const cpuTicks = (pid: number): number => {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
};

describe('a group whose members are processes of one service', () => {
  test('its partitions are shared evenly, and one that comes or goes moves no more than it must', async () => {
    await using directory = await createTempDirectory();
    await using a = startMember(directory.path, 'a');
    await shares([a], [6]);
    await using b = startMember(directory.path, 'b');
    const two = await shares([a, b], [3, 3]);
    await using c = startMember(directory.path, 'c');
    const three = await shares([a, b, c], [2, 2, 2]);
    for (const i of [0, 1]) expect(two[i]).toEqual(expect.arrayContaining(three[i] ?? []));
    b.tell({ leave: true });
    await eventually(() => said(b).some(({ left }) => left !== undefined));
    const left = await shares([a, c], [3, 3]);
    expect(left[0]).toEqual(expect.arrayContaining(three[0] ?? []));
    expect(left[1]).toEqual(expect.arrayContaining(three[2] ?? []));
  }, 60_000);

  test('a partition changes hands only when its owner has let it go, and then under a higher generation', async () => {
    await using directory = await createTempDirectory();
    await using a = startMember(directory.path, 'a', 'wait');
    await shares([a], [6]);
    await using b = startMember(directory.path, 'b');
    await joined(b);
    const { revoked = [] } = await eventually(() => said(a).find((message) => message.revoked !== undefined));
    expect(revoked).toHaveLength(3);
    // What it still does before it lets go counts.
    expect(await answerTo(a, { commit: revoked[0] })).toEqual(COMMITTED);
    expect(ownedBy(b)).toEqual([]);
    a.tell({ let_go: true });
    await shares([a, b], [3, 3]);
    expect(await answerTo(a, { commit: revoked[0] })).toEqual({ refused: 'NL-LOG-004' });
    expect(await answerTo(b, { commit: revoked[0] })).toEqual(COMMITTED);
  }, 60_000);

  test('an owner that does not let go in time loses the partition, and its commits are refused', async () => {
    await using directory = await createTempDirectory();
    await using a = startMember(directory.path, 'a', 'wait');
    await shares([a], [6]);
    await using b = startMember(directory.path, 'b');
    await shares([a, b], [3, 3]);
    const [lost] = await eventually(() => said(a).find((message) => message.lost !== undefined)?.lost);
    expect(await answerTo(a, { commit: lost })).toEqual({ refused: 'NL-LOG-004' });
  }, 60_000);

  test('one that is killed loses its partitions within two seconds', async () => {
    await using directory = await createTempDirectory();
    await using a = startMember(directory.path, 'a');
    await using b = startMember(directory.path, 'b');
    await shares([a, b], [3, 3]);
    const killed_ms = performance.now();
    b.kill('SIGKILL');
    await eventually(() => ownedBy(a).length === PARTITIONS, { within_ms: 10_000 });
    expect(performance.now() - killed_ms).toBeLessThan(2_000);
  }, 60_000);

  test('one that is stopped loses its partitions; when it wakes, it commits nothing over its successor', async () => {
    await using directory = await createTempDirectory();
    await using a = startMember(directory.path, 'a');
    await using b = startMember(directory.path, 'b');
    const [, of_b = []] = await shares([a, b], [3, 3]);
    const [contended = 0] = of_b;
    const stopped_ms = performance.now();
    b.kill('SIGSTOP');
    await eventually(() => ownedBy(a).length === PARTITIONS, { within_ms: 10_000 });
    expect(performance.now() - stopped_ms).toBeLessThan(2_600);
    expect(await answerTo(a, { commit: contended })).toEqual(COMMITTED);
    // It finds what it is told to commit as soon as it wakes, before it looks at anything else.
    const before = said(b).length;
    b.tell({ commit: contended });
    b.kill('SIGCONT');
    await eventually(() =>
      said(b)
        .slice(before)
        .some(({ refused }) => refused === 'NL-LOG-004'),
    );
    await eventually(() => said(b).some(({ lost = [] }) => lost.includes(contended)));
    // It is alive, so it gets its share again, under generations of its own.
    await shares([a, b], [3, 3]);
    await using reader = await openReader(directory.path);
    // Each was refused alone: what shared a transaction with it is there.
    const texts = await textsOf(reader.log, contended);
    expect(texts.filter((text) => text === 'owned')).toHaveLength(1);
    expect(texts.filter((text) => text === 'neighbour')).toHaveLength(2);
  }, 60_000);

  test('one that is stopped while it writes does not hold up the others', async () => {
    await using directory = await createTempDirectory();
    await using a = startMember(directory.path, 'a');
    await joined(a);
    // Writing takes most of its time, so that one of these is stopped while it holds the lock of the environment.
    for (let round = 0; round < 4; round += 1) {
      await using b = startMember(directory.path, `b${round}`);
      await joined(b);
      await shares([a, b], [3, 3]);
      b.tell({ flood: 0 });
      await eventually(() => said(b).some(({ appended }) => appended !== undefined));
      b.kill('SIGSTOP');
      await eventually(() => ownedBy(a).length === PARTITIONS, { within_ms: 10_000 });
      expect(await answerTo(a, { commit: 1 })).toEqual(COMMITTED);
    }
  }, 90_000);

  test('records of processes that write side by side to one partition are all there, in the order of each, no offset twice', async () => {
    await using directory = await createTempDirectory();
    await using a = startMember(directory.path, 'a');
    await using b = startMember(directory.path, 'b');
    await shares([a, b], [3, 3]);
    await using reader = await openReader(directory.path);
    for (const member of [a, b]) member.tell({ flood: 0 });
    const count = (member: TestProgram) => said(member).reduce((most, { appended = 0 }) => Math.max(most, appended), 0);
    // Neither of them starves, though each makes the other stage again.
    await eventually(() => [a, b].every((member) => count(member) >= 500), { within_ms: 60_000 });
    const woken = reader.log.waitForRecords(
      [{ topic: 'work', partition: 0, next_offset: (await reader.log.tail('work', 0)).next_offset }],
      new AbortController().signal,
    );
    expect(await woken).toBe(true);
    for (const member of [a, b]) {
      member.kill('SIGKILL');
      await member.ended;
    }
    const texts = await textsOf(reader.log, 0);
    for (const [name, member] of [
      ['a', a],
      ['b', b],
    ] as const) {
      const numbers = texts.filter((text) => text.startsWith(name)).map((text) => Number(text.split(' ')[1]));
      expect(numbers).toEqual(numbers.map((_, i) => i + 1));
      expect(numbers.length).toBeGreaterThanOrEqual(count(member));
    }
  }, 90_000);

  test('the owner of a key is asked of the leases, and follows them', async () => {
    await using directory = await createTempDirectory();
    await using reader = await openReader(directory.path);
    await using a = startMember(directory.path, 'a');
    await shares([a], [6]);
    const before = await reader.log.ownerOf('work', 'some key');
    expect(before.address).toBe('test://a');
    await using b = startMember(directory.path, 'b');
    await shares([a, b], [3, 3]);
    a.kill('SIGKILL');
    const after = await eventually(async () => {
      const owner = await reader.log.ownerOf('work', 'some key');
      return owner.address === 'test://b' ? owner : undefined;
    });
    expect(after.generation).toBeGreaterThan(before.generation);
  }, 60_000);

  test('the last one to close vouches for the files only when none was killed: else they are verified first', async () => {
    await using directory = await createTempDirectory();
    const mark = join(directory.path, 'log', 'writer', 'clean-end');
    const close = async (member: TestProgram) => {
      member.tell({ close: true });
      expect(await member.ended).toBe(0);
    };
    for (const how of ['closed', 'killed', 'killed and replaced'] as const) {
      await using a = startMember(directory.path, 'a');
      await using b = startMember(directory.path, 'b');
      await shares([a, b], [3, 3]);
      expect(existsSync(mark)).toBe(false);
      if (how === 'closed') await close(b);
      else {
        b.kill('SIGKILL');
        await b.ended;
      }
      if (how === 'killed and replaced') {
        await using c = startMember(directory.path, 'c');
        await shares([a, c], [3, 3]);
        await close(c);
      }
      await close(a);
      expect([how, existsSync(mark)]).toEqual([how, how === 'closed']);
    }
  }, 60_000);

  test('a sole writer is refused while they live, and they are while it does', async () => {
    await using directory = await createTempDirectory();
    const open = (shared: boolean) => openLog({ data_directory: directory.path, service: 'writer', catalogue, shared });
    {
      await using a = startMember(directory.path, 'a');
      await joined(a);
      await expect(open(false)).rejects.toMatchObject({ code: 'NL-LOG-010' });
      const beside = await open(true);
      await beside.close();
    }
    const sole = await open(false);
    await using b = startMember(directory.path, 'b');
    expect(JSON.stringify(await b.next())).toContain('NL-LOG-010');
    await sole.close();
  }, 60_000);

  test('members that wait use next to no processor time', async () => {
    await using directory = await createTempDirectory();
    await using a = startMember(directory.path, 'a');
    await using b = startMember(directory.path, 'b');
    await shares([a, b], [3, 3]);
    const before = cpuTicks(a.pid ?? 0);
    // The two seconds over which its CPU time is counted.
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    // A tick is 10 ms: at most two percent.
    expect(cpuTicks(a.pid ?? 0) - before).toBeLessThanOrEqual(4);
  }, 60_000);

  test('members of one process share as well, and a log that closes gives back what it had', async () => {
    await using directory = await createTempDirectory();
    const open = () => openLog({ data_directory: directory.path, service: 'writer', catalogue, shared: true });
    const idle = { async onAssigned() {}, async onRevoked() {}, onLost() {} };
    const [first, second] = [await open(), await open()];
    const a = await first.join({ group: GROUP, topics: ['work'], ...idle });
    const b = await second.join({ group: GROUP, topics: ['work'], ...idle });
    await eventually(() => a.ownerships.size === 3 && b.ownerships.size === 3);
    await first.close();
    await eventually(() => b.ownerships.size === PARTITIONS);
    await b.leave();
    expect(b.ownerships.size).toBe(0);
    await second.close();
  }, 30_000);
});
