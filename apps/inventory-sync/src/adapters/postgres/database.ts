import { NervelineError } from '@nerveline/kernel';
import type { Pool } from 'pg';
import { DataSource, type QueryRunner } from 'typeorm';
import { entities } from './entities';

/** As much of `pg`'s client as the hot statements use: TypeORM has no named statements. */
interface NamedStatements {
  query<Row>(statement: {
    readonly name: string;
    readonly text: string;
    readonly values: readonly unknown[];
  }): Promise<{ readonly rows: Row[] }>;
}

/** A connection in a transaction. */
export interface Transaction {
  run<Row>(statement: { readonly name: string; readonly text: string }, values: readonly unknown[]): Promise<Row[]>;
}

/** Another writer was in the way; the same step on fresh books may pass. */
const CONFLICTS = new Set([
  '23505', // unique_violation: the entry, key or reservation is there already
  '23514', // check_violation: the units are gone
  '40001', // serialization_failure
  '40P01', // deadlock_detected
  '55P03', // lock_not_available: lock_timeout passed
]);

/**
 * Every statement of this service finds its rows by key. Told so, PostgreSQL plans each named statement once for a
 * connection; left alone, it plans LOAD anew each time and reads whole tables for a few keys, which took three times as
 * long for a single reservation.
 */
const PLANNER = ['plan_cache_mode=force_generic_plan', 'enable_seqscan=off', 'enable_hashjoin=off', 'jit=off']
  .map((setting) => `-c ${setting}`)
  .join(' ');

/** Opens the bounded pool; `connections` is all that this process ever uses. */
export async function openDatabase(options: {
  readonly database_url: string;
  readonly connections: number;
}): Promise<DataSource> {
  const source = new DataSource({
    type: 'postgres',
    url: options.database_url,
    schema: 'inventory',
    entities,
    poolSize: options.connections,
    applicationName: 'inventory-sync',
    connectTimeoutMS: 2_000,
    // A broken idle connection is replaced by the pool; the step that meets a broken one says so itself.
    poolErrorHandler: () => {},
    extra: { keepAlive: true, statement_timeout: 10_000, lock_timeout: 5_000, options: PLANNER },
  });
  await source.initialize();
  const { master: pool } = source.driver as unknown as { readonly master: Pool };
  // A connection that PostgreSQL ends in the same breath in which it became ready says so before TypeORM listens, and an
  // error that nobody listens to ends the process. The statement that uses it next fails by itself and is repeated.
  pool.on('connect', (client) => client.on('error', () => {}));
  return source;
}

/**
 * Runs `work` in one transaction, on a connection that is given back whatever happens.
 *
 * @throws NervelineError `NL-INV-014`, `NL-INV-015`, and whatever `work` throws
 */
export async function inTransaction<T>(source: DataSource, work: (transaction: Transaction) => Promise<T>): Promise<T> {
  const runner = source.createQueryRunner();
  try {
    const client = (await runner.connect()) as NamedStatements;
    await runner.startTransaction();
    const result = await work({
      run: async <Row>(statement: { name: string; text: string }, values: readonly unknown[]) =>
        (await client.query<Row>({ ...statement, values })).rows,
    });
    await runner.commitTransaction();
    return result;
  } catch (error) {
    await rollBack(runner);
    throw translate(error);
  } finally {
    await runner.release();
  }
}

async function rollBack(runner: QueryRunner): Promise<void> {
  if (!runner.isTransactionActive) return;
  // On a broken connection there is nothing to roll back: PostgreSQL has done so.
  await runner.rollbackTransaction().catch(() => {});
}

/** Tells what a retry can help from what it can't. */
export function translate(cause: unknown): unknown {
  if (cause instanceof NervelineError || !(cause instanceof Error)) return cause;
  const code = (cause as { code?: unknown }).code;
  if (typeof code === 'string' && CONFLICTS.has(code)) {
    return new NervelineError('NL-INV-015', { detail: `PostgreSQL refused the write (${code})`, cause });
  }
  // Class 22 and 42 and the like: our own mistake, no connection's.
  if (typeof code === 'string' && /^(2[0-9A-Z]|42|XX)/.test(code)) return cause;
  if (cause instanceof TypeError || cause instanceof RangeError) return cause;
  return new NervelineError('NL-INV-014', { detail: 'PostgreSQL does not answer', cause });
}
