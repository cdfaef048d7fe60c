import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import {
  createDatabase,
  createTempDirectory,
  describeWithMount,
  freePort,
  mountDisk,
  startPostgres,
  stopOwnPostgres,
} from '@nerveline/testing';
import { holdDataDirectory } from '../../../apps/host/src/data/data-directory';
import { readIfThere } from '../../../apps/host/src/data/whole-file';

jest.setTimeout(60_000);

const START = resolve('apps/host/launch/start.mjs');
const run = promisify(execFile);
const START_DEADLINE_MS = 40_000;

interface Ending {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function start(parameters: readonly string[], environment: Record<string, string> = {}): Promise<Ending> {
  // Without the loader of TypeScript files that programs of tests otherwise get.
  const env = { ...process.env, NODE_OPTIONS: '', ...environment };
  try {
    const { stdout, stderr } = await run(process.execPath, [START, ...parameters], {
      env,
      timeout: START_DEADLINE_MS,
      // One that is caught in a loop hears no other.
      killSignal: 'SIGKILL',
    });
    return { code: 0, stdout, stderr };
  } catch (error) {
    return error as Ending;
  }
}

const lastLine = (text: string) => text.trim().split('\n').at(-1);

test('--help explains the options and starts nothing', async () => {
  const { code, stdout } = await start(['--help']);
  expect(code).toBe(0);
  for (const option of [
    '--only',
    '--port',
    '--reset',
    '--no-simulator',
    '--data',
    '--payments',
    '--roads',
    '--speed',
  ]) {
    expect(stdout).toContain(option);
  }
});

test.each([
  [['--prot', '5000'], 'NL-HST-002: unknown option --prot.'],
  [['--port'], 'NL-HST-002: --port needs a value.'],
  [['--port', '99999'], 'NL-HST-002: --port must be a whole number from 1 to 65535, and 99999 is not.'],
  [['--only', 'nobody'], 'NL-HST-002: --only knows cdc-relay, fraud-scoring, '],
  [['--speed=-1'], 'NL-HST-002: --speed must be a number from 0.001 to 1000000, and -1 is not.'],
  [['--payments', '/no/such/file.csv'], 'NL-HST-011: there is no file /no/such/file.csv.'],
])('%j is answered by one sentence and a code that is not 0', async (parameters, sentence) => {
  const { code, stdout, stderr } = await start(parameters);
  expect(code).toBe(1);
  expect(stdout).toBe('');
  expect(stderr).toContain(sentence);
  expect(stderr.trim().split('\n')).toHaveLength(1);
});

test('one app alone says what it shares with the others and was not given, and starts nothing', async () => {
  await using directory = await createTempDirectory();
  const data = join(directory.path, 'data');
  const shared = { KAFKA_BROKERS: '127.0.0.1:1', DATABASE_URL: '', NERVELINE_JWKS: '' };
  const { code, stderr } = await start(['--only', 'fraud-scoring', '--data', data], shared);
  expect(code).toBe(1);
  expect(lastLine(stderr)).toBe('NL-HST-015: --only fraud-scoring lacks DATABASE_URL, NERVELINE_JWKS');
  expect(existsSync(data)).toBe(false);
});

describe("a database of one's own", () => {
  afterAll(stopOwnPostgres);

  const startOn = async (database_url: string) => {
    await using directory = await createTempDirectory();
    const words = ['--data', join(directory.path, 'data'), '--port', String(await freePort())];
    const { code, stdout, stderr } = await start(words, { DATABASE_URL: database_url });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(existsSync(join(directory.path, 'data', 'postgres'))).toBe(false);
    return stderr.split('\n').filter((line) => line.startsWith('NL-'));
  };

  test('whose role may not replicate is told with what mends it, and nothing starts', async () => {
    await using database = await createDatabase();
    const role = `poor_${process.pid}`;
    await database.query(`CREATE ROLE ${role} LOGIN PASSWORD 'poor'`);
    try {
      const url = Object.assign(new URL(database.url), { username: role, password: 'poor' });
      const said = await startOn(url.href);
      expect(said).toEqual([expect.stringMatching(/^NL-CDC-002: DATABASE_URL: .* ALTER ROLE name REPLICATION; /)]);
      const wrong = Object.assign(url, { password: 'wrong' });
      expect(await startOn(wrong.href)).toEqual([expect.stringMatching(/^NL-CDC-003: DATABASE_URL: /)]);
    } finally {
      await database.query(`DROP ROLE ${role}`);
    }
  });

  test('that writes no logical WAL is told with what mends it, and nothing starts', async () => {
    await using server = await startPostgres('', { wal_level: 'replica' });
    const said = await startOn(server.url);
    expect(said).toEqual([
      'NL-CDC-001: DATABASE_URL: wal_level is replica. ALTER SYSTEM SET wal_level = logical; then restart PostgreSQL.',
    ]);
  });
});

test('a Node that is too old is named, before anything that it could not read', async () => {
  await using directory = await createTempDirectory();
  const disguise = join(directory.path, 'old-node.cjs');
  writeFileSync(disguise, `Object.defineProperty(process.versions, 'node', { value: '18.20.4' });`);
  const { code, stderr } = await start([], { NODE_OPTIONS: `--require ${disguise}` });
  expect(code).toBe(1);
  expect(stderr.trim()).toBe('NL-HST-001: Nerveline needs Node 20.19 or newer, and this is Node 18.20.4.');
});

test('other machines are not let in with the keys of a demo', async () => {
  await using directory = await createTempDirectory();
  const data = join(directory.path, 'data');
  const { code, stderr } = await start(['--data', data], { HOST: '0.0.0.0' });
  expect(code).toBe(1);
  expect(stderr).toContain('NL-HST-008: HOST=0.0.0.0');
  expect(existsSync(data)).toBe(false);
});

test('a data directory that can not be made is named', async () => {
  await using directory = await createTempDirectory();
  const file = join(directory.path, 'file');
  writeFileSync(file, '');
  const { code, stderr } = await start(['--data', join(file, 'data')]);
  expect(code).toBe(1);
  expect(stderr).toContain('NL-HST-013');
});

test('a place that takes no directories is named, and is not tried for ever', async () => {
  const { code, stdout, stderr } = await start(['--data', '/proc/nerveline/data']);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(lastLine(stderr)).toBe("NL-HST-013: /proc/nerveline/data can't be made there");
}, 20_000);

test('a port of the dashboard that is taken is named, and nothing is started', async () => {
  await using directory = await createTempDirectory();
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  const data = join(directory.path, 'data');
  const { code, stdout, stderr } = await start(['--data', data, '--port', String(port)]);
  other.close();
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(lastLine(stderr)).toBe(
    `NL-HST-005: port ${port} is taken by another program: stop it, or choose another port with --port N`,
  );
  expect(existsSync(join(data, 'postgres'))).toBe(false);
});

test('a data directory that another run holds is named, with the process that holds it', async () => {
  await using directory = await createTempDirectory();
  const { release } = holdDataDirectory(directory.path, 0);
  const { code, stdout, stderr } = await start(['--data', directory.path]);
  release();
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(lastLine(stderr)).toBe(
    `NL-HST-003: ${directory.path} is in use by another run (process ${process.pid}): stop that, or choose another directory with --data DIR`,
  );
});

describeWithMount('a disk', () => {
  test('that has too little space is named with what is there and what a start needs', async () => {
    await using disk = await mountDisk('size=64m');
    const { code, stdout, stderr } = await start(['--data', join(disk.path, 'data')]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(lastLine(stderr)).toMatch(/^NL-HST-004: the disk of .* has \d+ MB free, a start needs \d+ MB: free some, /);
    expect(readdirSync(join(disk.path, 'data'))).toEqual([]);
  });

  test.each([
    ['before the database is made', 3],
    ['while initdb makes the database', 300],
    ['while the database is filled', 1_100],
  ])('that gets full %s is named in one sentence, and nothing runs on', async (_when, files) => {
    // Room for bytes, but not for files: gets full at the same step each time, and takes no memory.
    await using disk = await mountDisk(`size=2g,nr_inodes=${files}`);
    const data = join(disk.path, 'data');
    const { code, stdout, stderr } = await start(['--data', data, '--port', String(await freePort())]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr.split('\n').filter((line) => line.startsWith('NL-'))).toEqual([
      `NL-HST-004: the disk of ${data} is full: free some space, or choose another disk with --data DIR`,
    ]);
    expect(existsSync(join(data, 'host.lock'))).toBe(false);
    const record = readIfThere(join(data, 'processes.json'));
    expect(record === undefined ? [] : JSON.parse(record)).toEqual([]);
  });
});

test.each([
  ['--roads', 'roads.osm.pbf', 'no roads at all', 'NL-FLT-010: FILE: the roads file '],
  [
    '--payments',
    'payments.csv',
    'TRANSACTION_ID,TX_AMOUNT\n1,2.00\n',
    'NL-SIM-002: FILE has no column TX_TIME_SECONDS',
  ],
  ['--retail', 'retail.csv', 'InvoiceNo,StockCode\n1,A\n', 'NL-SIM-002: FILE has no column Description'],
  ['--retail', 'retail.csv', '', 'NL-SIM-001: FILE holds no row that can be played'],
])('a file that %s cannot use (%s, "%s") is told in one sentence, and nothing starts', async (...given) => {
  const [option, name, content, sentence] = given;
  await using directory = await createTempDirectory();
  const file = join(directory.path, name);
  writeFileSync(file, content);
  const data = join(directory.path, 'data');
  const { code, stdout, stderr } = await start([option, file, '--data', data, '--port', String(await freePort())]);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  const said = stderr.split('\n').filter((line) => line.startsWith('NL-'));
  expect(said).toEqual([expect.stringContaining(sentence.replace('FILE', file))]);
  expect(existsSync(join(data, 'postgres'))).toBe(false);
});
