import { join } from 'node:path';
import {
  createDatabase,
  createTempDirectory,
  createTestKeys,
  freePort,
  startProgram,
  type TestDatabase,
  type TestKeys,
} from '@nerveline/testing';

const APPS = join(__dirname, '../../apps');

export interface FraudPlatform extends AsyncDisposable {
  readonly database: TestDatabase;
  readonly place: { readonly data_directory: string; readonly keys: TestKeys };
}

/** The way of a row to fraud scoring: a real PostgreSQL with its tables, and the relay as a process of its own. */
export async function openFraudPlatform(): Promise<FraudPlatform> {
  const database = await createDatabase();
  const directory = await createTempDirectory();
  const keys = await createTestKeys();
  const environment = {
    DATABASE_URL: database.url,
    NERVELINE_DATA_DIR: directory.path,
    NERVELINE_JWKS: keys.jwks,
    LOG_LEVEL: 'fatal',
    RELAY_SLOT: `slot_${new URL(database.url).pathname.slice(1)}`,
    RELAY_TABLES: 'fraud.block_list,fraud.card_profiles,platform.event_clock',
    PORT: String(await freePort()),
  };
  const migrated = startProgram(join(APPS, 'fraud-scoring/src/migrate.ts'), [], { environment });
  if ((await migrated.ended) !== 0) throw new Error('the migrations failed');
  const relay = startProgram(join(APPS, 'cdc-relay/src/main.ts'), [], { environment });
  return {
    database,
    place: { data_directory: directory.path, keys },
    [Symbol.asyncDispose]: async () => {
      await relay[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
      await directory[Symbol.asyncDispose]();
      await keys[Symbol.asyncDispose]();
    },
  };
}
