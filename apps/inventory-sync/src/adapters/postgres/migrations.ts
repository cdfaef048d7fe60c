import { runMigrations } from '@nerveline/service-defaults';
import { Stock1700000000000 } from './migrations/1700000000000-stock';
import { EventClock1700000000001 } from './migrations/1700000000001-event-clock';
import { Refusals1700000000002 } from './migrations/1700000000002-refusals';
import { ReadableRows1700000000003 } from './migrations/1700000000003-readable-rows';

/** Brings the service's tables up to date and gives the names of the migrations that ran. */
export const migrate = (database_url: string): Promise<readonly string[]> =>
  runMigrations({
    database_url,
    schema: 'inventory',
    migrations: [Stock1700000000000, EventClock1700000000001, Refusals1700000000002, ReadableRows1700000000003],
  });
