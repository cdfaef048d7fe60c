// A PostgreSQL for one test run: prints its URL, and ends, its data with it, as soon as its stdin closes, also when the
// tests were killed. Arguments: the directory of another version's programs or nothing, and settings as JSON.
import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { findAccount, postgresCommand } from '../../../apps/host/src/postgres/postgres-programs.cjs';

const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  wal_level: 'logical',
  max_replication_slots: '64',
  max_wal_senders: '64',
  max_connections: '200',
  max_prepared_transactions: '20',
  shared_buffers: '64MB',
};

const directory = mkdtempSync(join(tmpdir(), 'nerveline-pg-'));
const data = join(directory, 'data');
const password = randomBytes(12).toString('hex');
const account = findAccount();

const server = await start();
console.log(`postgres://postgres:${password}@127.0.0.1:${server.port}/postgres`);
process.stdin.resume();
process.stdin.once('end', stop).once('error', stop);
process.once('SIGTERM', stop);
process.on('SIGINT', () => {});

async function start() {
  const password_file = join(directory, 'password');
  mkdirSync(data, { mode: 0o700 });
  writeFileSync(password_file, password);
  // PostgreSQL runs as another account when we are root.
  if (account !== undefined)
    for (const path of [directory, data, password_file]) chownSync(path, account.uid, account.gid);
  const initdb = commandFor('initdb');
  execFileSync(
    initdb.command,
    [
      ...initdb.prefix,
      `--pgdata=${data}`,
      '--username=postgres',
      `--pwfile=${password_file}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C.UTF-8',
    ],
    { ...initdb.options, stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const port = await freePort();
  const postgres = commandFor('postgres');
  const settings = Object.entries({ ...SETTINGS, ...JSON.parse(process.argv[3] ?? '{}') }).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`,
  ]);
  const child = spawn(postgres.command, [...postgres.prefix, '-D', data, '-p', String(port), ...settings], {
    ...postgres.options,
    // Ctrl-C is for the tests, which then let go of us.
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  const ready = new Promise((resolve, reject) => {
    createInterface(child.stderr).on('line', (line) => {
      log = `${log}${line}\n`.slice(-4_000);
      if (line.includes('ready to accept connections')) resolve();
    });
    child.once('exit', () => reject(new Error(`PostgreSQL did not start:\n${log}`)));
  });
  await ready;
  return { child, port };
}

async function stop() {
  const { child } = server;
  if (child.exitCode === null && child.signalCode === null) {
    child.kill('SIGINT');
    await once(child, 'exit');
  }
  rmSync(directory, { recursive: true, force: true });
  process.exit(0);
}

function commandFor(program) {
  const [programs = ''] = process.argv.slice(2);
  if (programs !== '') return { command: join(programs, program), prefix: [], options: account ?? {} };
  const command = postgresCommand(program, data, account);
  if (command === undefined)
    throw new Error(`there is no embedded PostgreSQL for ${process.platform} on ${process.arch}`);
  return command;
}

function freePort() {
  return new Promise((resolve, reject) => {
    const socket = createServer();
    socket.once('error', reject);
    socket.listen(0, '127.0.0.1', () => {
      const { port } = socket.address();
      socket.close(() => resolve(port));
    });
  });
}
