import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { eventually } from '@nerveline/testing';
import { identify, isAlive, isStopped, ownIdentity } from './index';

const children: ChildProcess[] = [];

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** Would run for ever. */
function sleeper(): ChildProcess {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  children.push(child);
  return child;
}

test('a process is alive until it ends, and a later one with its id is another', async () => {
  const child = sleeper();
  const identity = identify(child.pid ?? 0);
  if (identity === undefined) throw new Error('the child did not start');
  expect(isAlive(identity)).toBe(true);
  expect(isAlive({ ...identity, started: ownIdentity().started })).toBe(false);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(isAlive(identity)).toBe(false);
  expect(identify(identity.pid)).toBeUndefined();
});

test('one that has ended is gone before its parent takes note', async () => {
  // The shell becomes a program that never asks after its child.
  const parent = spawn('sh', ['-c', 'sleep 0 & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'ignore'] });
  children.push(parent);
  const [line] = (await once(parent.stdout, 'data')) as [Buffer];
  await eventually(() => identify(Number(line.toString())) === undefined);
});

test('a process that was stopped stands still, and is alive', async () => {
  const child = sleeper();
  const pid = child.pid ?? 0;
  expect(isStopped(pid)).toBe(false);
  child.kill('SIGSTOP');
  await eventually(() => isStopped(pid));
  expect(identify(pid)).toBeDefined();
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(isStopped(pid)).toBe(false);
});

test('what no process has is nobody', () => {
  expect(identify(2 ** 22 + 1)).toBeUndefined();
  expect(identify(ownIdentity().pid)).toEqual(ownIdentity());
});
