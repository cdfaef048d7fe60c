import { DataSource, type MigrationInterface } from 'typeorm';

type Migration = new () => MigrationInterface;

/** Any number that every program of the platform agrees on: migrations of several services run one after another. */
const MIGRATION_LOCK = 4_207_849_153;

/**
 * Brings the source tables of one service up to date, each migration in a transaction of its own, and returns the names
 * of those that ran. Safe to run again, and at the same time as other services' migrations.
 *
 * @param schema the PostgreSQL schema that the service's tables live in; made when absent; the list of what ran is kept there
 */
export async function runMigrations(options: {
  readonly database_url: string;
  readonly schema: string;
  readonly migrations: readonly Migration[];
}): Promise<readonly string[]> {
  const source = new DataSource({
    type: 'postgres',
    url: options.database_url,
    schema: options.schema,
    migrations: [...options.migrations],
    migrationsTableName: 'migrations',
    poolSize: 2,
  });
  await source.initialize();
  const lock = source.createQueryRunner();
  try {
    await lock.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await lock.query(`CREATE SCHEMA IF NOT EXISTS "${options.schema.replaceAll('"', '""')}"`);
    const ran = await source.runMigrations({ transaction: 'each' });
    return ran.map(({ name }) => name);
  } finally {
    await lock.query('SELECT pg_advisory_unlock($1)', [MIGRATION_LOCK]);
    await lock.release();
    await source.destroy();
  }
}
