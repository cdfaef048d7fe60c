import { existsSync } from 'node:fs';
import { NervelineError } from '@nerveline/kernel';
import { openLog, type Log } from '@nerveline/log';

/**
 * Reads the log of a data directory, and makes no directory that isn't there.
 *
 * @throws NervelineError `NL-API-012` when there is no such directory
 */
export async function withLog<T>(data_directory: string, use: (log: Log) => Promise<T>): Promise<T> {
  if (!existsSync(data_directory)) {
    throw new NervelineError('NL-API-012', {
      field: '--data',
      detail: `nothing was ever started with the data directory ${data_directory}`,
    });
  }
  const log = await openLog({ data_directory, service: 'cli' });
  try {
    return await use(log);
  } finally {
    await log.close();
  }
}
