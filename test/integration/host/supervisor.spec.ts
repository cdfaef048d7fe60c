import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createTempDirectory, eventually } from '@nerveline/testing';
import { ProcessRecord } from '../../../apps/host/src/supervisor/process-record';
import type { Program } from '../../../apps/host/src/supervisor/program';
import { Supervisor } from '../../../apps/host/src/supervisor/supervisor';
import { exists } from './host-fixture';

interface Bench extends AsyncDisposable {
  readonly supervisor: Supervisor;
  readonly said: readonly string[];
  /** The program's log file. */
  log(): string;
  /** What the program wrote into its journal. */
  lines(): readonly string[];
  program(script: string, changes?: Partial<Program>): Program;
}

async function openBench(): Promise<Bench> {
  const directory = await createTempDirectory();
  const journal = join(directory.path, 'journal');
  const said: string[] = [];
  const supervisor = new Supervisor({
    record: new ProcessRecord(join(directory.path, 'processes.json')),
    log_directory: join(directory.path, 'logs'),
    environment: { ...process.env, NODE_OPTIONS: '', JOURNAL: journal },
    ready_deadline_ms: 5_000,
    drain_deadline_ms: 500,
    say: (_, line) => said.push(line),
  });
  const lines = () => (existsSync(journal) ? readFileSync(journal, 'utf8').split('\n').filter(Boolean) : []);
  return {
    supervisor,
    said,
    log: () => readFileSync(join(directory.path, 'logs', 'subject.log'), 'utf8'),
    lines,
    program: (script, changes = {}) => ({
      name: 'subject',
      needs: [],
      command: process.execPath,
      parameters: [
        '-e',
        `const tell = (line) => require('node:fs').appendFileSync(process.env.JOURNAL, line + '\\n'); ${script}`,
      ],
      environment: {},
      account: {},
      stop_signal: 'SIGTERM',
      address: '',
      look: () => Promise.resolve(lines().length > 0 ? 'ready' : 'not ready'),
      toConsoleLine: () => undefined,
      vital: false,
      ...changes,
    }),
    [Symbol.asyncDispose]: async () => {
      await supervisor.stop();
      await directory[Symbol.asyncDispose]();
    },
  };
}

const STUBBORN = `
  process.on('SIGTERM', () => {});
  const child = require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  tell(process.pid + ' ' + child.pid);
  setInterval(() => {}, 1000);
`;

test('a program that ignores the request to stop is killed at the deadline, with what it started', async () => {
  await using bench = await openBench();
  await bench.supervisor.start([bench.program(STUBBORN)]);
  const pids = (bench.lines()[0] ?? '').split(' ').map(Number);
  expect(pids.map(exists)).toEqual([true, true]);
  await bench.supervisor.stop();
  await eventually(() => !pids.some(exists));
  expect(bench.said).toEqual([expect.stringContaining('did not stop within 0.5 s and was killed')]);
});

test('a program that stands by is up, and is told when it has taken over', async () => {
  await using bench = await openBench();
  let found: 'standing by' | 'ready' = 'standing by';
  const script = 'setInterval(() => {}, 1000);';
  await bench.supervisor.start([bench.program(script, { look: () => Promise.resolve(found) })]);
  expect(bench.supervisor.status()).toMatchObject([{ state: 'standing by', health: 'standing by' }]);
  found = 'ready';
  await eventually(() => bench.supervisor.status()[0]?.state === 'ready');
  expect(bench.said).toEqual(['stands by: another instance works', 'has taken over']);
});

test('a program that dies at once is started again at growing intervals, not in a spin', async () => {
  await using bench = await openBench();
  await bench.supervisor.start([bench.program(`tell(Date.now());`, { look: () => Promise.resolve('ready') })]);
  const starts = await eventually(() => bench.lines().length >= 4 && bench.lines().map(Number), { within_ms: 20_000 });
  const [first = 0, second = 0, third = 0, fourth = 0] = starts;
  // Each wait is at least half of 200, 400, 800 ms.
  expect(second - first).toBeGreaterThanOrEqual(100);
  expect(third - second).toBeGreaterThanOrEqual(200);
  expect(fourth - third).toBeGreaterThanOrEqual(400);
});

test('a program that can not be started at all is tried again, and told', async () => {
  await using bench = await openBench();
  const nowhere = bench.program('', { command: '/no/such/program', look: () => Promise.resolve('not ready') });
  const starting = bench.supervisor.start([nowhere]);
  await eventually(() => bench.said.length >= 2);
  expect(bench.said[0]).toContain('ENOENT');
  await bench.supervisor.stop();
  await starting;
});

test('what a service writes is in its log file, and nothing of normal operation on the console', async () => {
  await using bench = await openBench();
  const script = `console.log('{"level":30,"msg":"all is well"}'); tell('up'); setInterval(() => {}, 1000);`;
  await bench.supervisor.start([bench.program(script)]);
  await eventually(() => bench.log().includes('all is well'));
  await bench.supervisor.stop();
  expect(bench.said).toEqual([]);
});
