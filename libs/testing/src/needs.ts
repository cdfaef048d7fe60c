import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

/** What a machine may lack, with the setting by which the test run tells where it is. */
const SETTINGS = {
  chromium: 'NERVELINE_TEST_CHROMIUM',
  pg_recvlogical: 'NERVELINE_TEST_PG_RECVLOGICAL',
  'redis-server': 'NERVELINE_TEST_REDIS_URL',
  strace: 'NERVELINE_TEST_STRACE',
} as const;

export type Need = keyof typeof SETTINGS;

/**
 * A `describe` that is skipped, with its reason in the title, where the machine lacks what it needs. The body gets the
 * path of the program or the URL of the server.
 */
export function describeWith(need: Need, title: string, body: (where: string) => void): void {
  const where = process.env[SETTINGS[need]];
  if (where !== undefined) describe(title, () => body(where));
  else describe.skip(`${title} [needs ${need}]`, () => body(''));
}

/**
 * A `describe` over recorded data, a path below `../shared/data`; skipped, with its reason in the title, where the
 * machine hasn't got it. The body gets the file's path.
 */
export function describeWithData(file: string, title: string, body: (path: string) => void): void {
  const path = resolve('../shared/data', file);
  if (existsSync(path)) describe(title, () => body(path));
  else describe.skip(`${title} [needs data ${file}]`, () => body(''));
}
