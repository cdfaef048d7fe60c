import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createTempDirectory, startProgram, type TestProgram } from '@nerveline/testing';
import type { HostSettings } from '../../../apps/host/src/host.config';
import type { Service } from '../../../apps/host/src/topology';

/** A service of a few lines: tells when it starts and stops, and is ready at once. */
const SERVICE = `
  const { appendFileSync } = require('node:fs');
  const { createServer } = require('node:http');
  const tell = (what) => appendFileSync(process.env.JOURNAL, what + ' ' + NAME + ' ' + process.pid + '\\n');
  const server = createServer((request, response) => response.end(String(process.pid)));
  server.listen(Number(process.env.PORT), process.env.HOST, () => tell('started'));
  process.on('SIGTERM', () => { tell('stopped'); process.exit(0); });
`;

export interface Event {
  readonly what: string;
  readonly name: string;
  readonly pid: number;
}

/** A platform of small services in directories of its own. */
export interface HostFixture extends AsyncDisposable {
  readonly data_directory: string;
  readonly settings: HostSettings;
  /** What the services told, in order. */
  events(): readonly Event[];
  /** The running process of a service, as far as it has told. */
  pidOf(name: string): number | undefined;
  start(services: readonly Service[], changes?: Partial<HostSettings>): TestProgram;
}

export async function createHostFixture(names: readonly string[], dashboard_port: number): Promise<HostFixture> {
  const directory = await createTempDirectory();
  const programs = join(directory.path, 'apps');
  const journal = join(directory.path, 'journal');
  for (const name of names) {
    mkdirSync(join(programs, name, 'src'), { recursive: true });
    writeFileSync(join(programs, name, 'src', 'main.js'), `const NAME = '${name}';${SERVICE}`);
  }
  appendFileSync(journal, '');
  const settings: HostSettings = {
    root: directory.path,
    programs,
    data_directory: join(directory.path, 'data'),
    reset: false,
    simulator: true,
    host: '127.0.0.1',
    dashboard_port,
    only: undefined,
    kafka_brokers: undefined,
    database_url: 'postgres://unused',
    jwks: 'unused',
    recorded: {},
    environment: {},
  };
  const events = () =>
    readFileSync(journal, 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => {
        const [what = '', name = '', pid] = line.split(' ');
        return { what, name, pid: Number(pid) };
      });
  return {
    data_directory: settings.data_directory,
    settings,
    events,
    pidOf: (name) => events().findLast((event) => event.what === 'started' && event.name === name)?.pid,
    start: (services, changes = {}) =>
      startProgram(
        join(__dirname, 'host-program.ts'),
        [JSON.stringify({ settings: { ...settings, ...changes }, services })],
        { environment: { JOURNAL: journal } },
      ),
    [Symbol.asyncDispose]: async () => {
      endAll(join(settings.data_directory, 'processes.json'));
      await directory[Symbol.asyncDispose]();
    },
  };
}

/** Whatever a failed test left behind. */
function endAll(record: string): void {
  if (!existsSync(record)) return;
  for (const { pid } of JSON.parse(readFileSync(record, 'utf8')) as { pid: number }[]) {
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // It has ended.
    }
  }
}

/** Does the process exist, zombies left out? */
export function exists(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return !/\) [ZX] /.test(stat);
  } catch {
    return false;
  }
}
