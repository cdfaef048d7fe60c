import { runMigrations } from '@nerveline/service-defaults';
import { FraudLists1762300000000 } from './adapters/migrations/1762300000000-fraud-lists';
import { readMigrationSettings } from './fraud-scoring.config';

/** Brings schema `fraud` up to date and ends. */
void runMigrations({
  database_url: readMigrationSettings().DATABASE_URL,
  schema: 'fraud',
  migrations: [FraudLists1762300000000],
});
