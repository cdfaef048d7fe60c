import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Client } from 'pg';

/** A server of one's own, for tests that stop it, kill it or change its settings. */
export interface TestPostgres extends AsyncDisposable {
  /** Superuser, database `postgres`. */
  readonly url: string;
  /** Process id of the program that keeps it; the postmaster is its child. */
  readonly keeper_pid: number | undefined;
}

/**
 * Starts a PostgreSQL 18 with `wal_level = logical` on a free port; it ends with the test, however that ends.
 *
 * @param programs directory of another version's programs
 * @param settings instead of ours: `{ wal_level: 'replica' }`
 */
export async function startPostgres(
  programs = '',
  settings: Readonly<Record<string, string>> = {},
): Promise<TestPostgres> {
  const script = join(__dirname, 'postgres-server.mjs');
  const keeper = spawn(process.execPath, [script, programs, JSON.stringify(settings)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [url] = (await Promise.race([
    once(createInterface(keeper.stdout), 'line'),
    once(keeper, 'exit').then(() => Promise.reject(new Error('PostgreSQL did not start'))),
  ])) as [string];
  return {
    url,
    keeper_pid: keeper.pid,
    [Symbol.asyncDispose]: async () => {
      if (keeper.exitCode !== null) return;
      keeper.stdin.end();
      await once(keeper, 'exit');
    },
  };
}

/** A fresh database; slots that tests left on it are dropped with it. */
export interface TestDatabase extends AsyncDisposable {
  readonly url: string;
  query(sql: string, values?: unknown[]): Promise<Record<string, unknown>[]>;
}

let own: Promise<TestPostgres> | undefined;

async function serverUrl(): Promise<string> {
  if (process.env['NERVELINE_TEST_POSTGRES_URL'] !== undefined) return process.env['NERVELINE_TEST_POSTGRES_URL'];
  own ??= startPostgres();
  return (await own).url;
}

/** Stops the server that {@link createDatabase} started because the run offered none; call it in `afterAll`. */
export async function stopOwnPostgres(): Promise<void> {
  await (await own)?.[Symbol.asyncDispose]();
  own = undefined;
}

/** Makes a database of its own on the run's shared server, or on a server of this spec file where the run has none. */
export async function createDatabase(server?: TestPostgres): Promise<TestDatabase> {
  const base = server?.url ?? (await serverUrl());
  const name = `test_${randomBytes(6).toString('hex')}`;
  await withClient(base, (client) => client.query(`CREATE DATABASE ${name}`));
  const url = new URL(base);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    query: (sql, values) =>
      withClient(url.href, async (client) => (await client.query(sql, values)).rows as Record<string, unknown>[]),
    [Symbol.asyncDispose]: () => withClient(base, (client) => dropDatabase(client, name)),
  };
}

async function dropDatabase(client: Client, name: string): Promise<void> {
  await client.query(
    'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()',
    [name],
  );
  const slots = await client.query<{ slot_name: string }>(
    'SELECT slot_name FROM pg_replication_slots WHERE database = $1',
    [name],
  );
  for (const { slot_name } of slots.rows) {
    await client.query(
      // The walsender that held it may take a moment to end.
      `DO $$ BEGIN FOR i IN 1..100 LOOP BEGIN PERFORM pg_drop_replication_slot('${slot_name}'); EXIT;
       EXCEPTION WHEN object_in_use THEN PERFORM pg_sleep(0.05); END; END LOOP; END $$`,
    );
  }
  await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
}

async function withClient<T>(url: string, use: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}
