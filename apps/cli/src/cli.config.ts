import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { NervelineError } from '@nerveline/kernel';
import { kafkaSettings, logSettings, readSettings } from '@nerveline/service-defaults';
import { Option } from 'commander';

/** `--data DIR`, as `npm start` has it. */
export const dataOption = () =>
  new Option('--data <dir>', 'where the platform keeps its data')
    .env('NERVELINE_DATA_DIR')
    .default(resolve('data'), './data');

/**
 * The source database: DATABASE_URL, or the one that `npm start` keeps for itself.
 *
 * @throws NervelineError `NL-API-012` when neither is there
 */
export function databaseUrl(data_directory: string): string {
  const { DATABASE_URL } = process.env;
  if (DATABASE_URL !== undefined) return DATABASE_URL;
  const kept = join(data_directory, 'database-url');
  if (existsSync(kept)) return readFileSync(kept, 'utf8').trim();
  throw new NervelineError('NL-API-012', {
    field: 'DATABASE_URL',
    detail: `DATABASE_URL is not set, and nothing was ever started with the data directory ${data_directory}`,
  });
}

/**
 * How Kafka is reached: by the settings of the services (`KAFKA_SASL_USERNAME` and the like), and these instead of theirs.
 *
 * @throws NervelineError `NL-API-012`
 */
export function kafkaOf(given: { readonly KAFKA_BROKERS: string; readonly KAFKA_PREFIX: string }) {
  const settings = kafkaSettings(readSettings(logSettings, { ...process.env, ...given }));
  if (settings !== undefined) return settings;
  throw new NervelineError('NL-API-012', { field: 'KAFKA_BROKERS', detail: 'KAFKA_BROKERS is empty' });
}
