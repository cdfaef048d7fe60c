import { createLogger, exitWith, readSettings } from '@nerveline/service-defaults';
import { migrate } from './adapters/postgres/migrations';
import { migrationSettings } from './inventory.config';

const logger = createLogger('inventory-sync', 'info');

/** Brings the tables up to date and exits: 0 when they are, 1 when that failed. */
async function main(): Promise<void> {
  const { DATABASE_URL } = readSettings(migrationSettings);
  const ran = await migrate(DATABASE_URL);
  logger.info({ ran }, ran.length === 0 ? 'the tables are up to date' : 'the tables were brought up to date');
}

main().catch((error: unknown) => exitWith(logger, error));
