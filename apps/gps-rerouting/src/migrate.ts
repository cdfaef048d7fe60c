import { runMigrations } from '@nerveline/service-defaults';
import { FleetTables1762300000001 } from './adapters/migrations/1762300000001-fleet-tables';
import { readMigrationSettings } from './gps-rerouting.config';

/** Brings schema `fleet` up to date and ends. */
void runMigrations({
  database_url: readMigrationSettings().DATABASE_URL,
  schema: 'fleet',
  migrations: [FleetTables1762300000001],
});
