import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { eventually } from '@nerveline/testing';

jest.setTimeout(120_000);

const RUN = resolve('test/run.mjs');
const environment = (more: Record<string, string> = {}) => ({ ...process.env, NODE_OPTIONS: '', ...more });

test.each([
  [['no-such-test'], "'no-such-test'"],
  [['unit', 'gps', 'no-such-test'], "'no-such-test'"],
  [['--colour'], "'--colour'"],
])('npm test -- %j is refused in one sentence that lists the parts', async (words, named) => {
  const run = promisify(execFile)(process.execPath, [RUN, ...words], { env: environment() });
  const { code, stdout } = await run.then(
    (said) => ({ code: 0, ...said }),
    (error: unknown) => error as { code: number; stdout: string },
  );
  expect(code).toBe(1);
  expect(stdout.trim().split('\n')[0]).toBe(
    `FAILED: no test has ${named} in its path, and the parts are check, unit, architecture, integration, guarantees, e2e`,
  );
});

/** Processes that were started with this in their environment, or by those that were. */
function marked(entry: string): string[] {
  return readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid))
    .flatMap((pid) => {
      try {
        if (!readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(entry)) return [];
        return [readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')];
      } catch {
        return [];
      }
    });
}

test.each(['SIGTERM', 'SIGINT'] as const)('a run that %s ends leaves no platform behind', async (signal) => {
  const mark = `NERVELINE_TEST_MARK=${process.pid}-${signal}`;
  const [name = '', value = ''] = mark.split('=');
  const run = spawn(process.execPath, [RUN, 'guarantees', 'first-ten-minutes'], {
    env: environment({ [name]: value }),
    stdio: 'ignore',
  });
  const ended = once(run, 'exit');
  const isThere = (part: string) => marked(mark).some((command) => command.includes(part));
  // The host, and what it starts first and next, each in a group of its own.
  for (const part of ['launch/start.mjs', 'postgres', 'cdc-relay/src/main.js']) {
    await eventually(() => isThere(part), { within_ms: 60_000, what: `${part} runs` });
  }
  run.kill(signal);
  await ended;
  // Its own servers are stopped by their keepers, which see that it is gone.
  await eventually(() => marked(mark).length === 0, { what: 'nothing runs on' });
});
