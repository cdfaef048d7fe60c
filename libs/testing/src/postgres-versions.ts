import { existsSync } from 'node:fs';
import { startPostgres, type TestPostgres } from './postgres';

/** Debian keeps the programs of each version apart. */
const programsOf = (version: string): string => `/usr/lib/postgresql/${version}/bin`;

/**
 * The same tests on the embedded PostgreSQL 18 and on 15, each on a server of their own. Further versions that the
 * machine has are named in `NERVELINE_TEST_POSTGRES_VERSIONS` (`14,16,17`). One that is missing is skipped, with its
 * reason in the title.
 *
 * @param body gets the server when a test runs, and the major version
 */
export function describePostgresVersions(
  title: string,
  body: (server: () => TestPostgres, version: number) => void,
): void {
  describe(`${title} [PostgreSQL 18]`, () => withServer(undefined, (server) => body(server, 18)));
  const others = (process.env['NERVELINE_TEST_POSTGRES_VERSIONS'] ?? '').split(',').filter((version) => version !== '');
  for (const version of new Set(['15', ...others])) {
    const programs = programsOf(version);
    if (existsSync(`${programs}/postgres`)) {
      describe(`${title} [PostgreSQL ${version}]`, () =>
        withServer(programs, (server) => body(server, Number(version))));
    } else {
      describe.skip(`${title} [needs PostgreSQL ${version}]`, () => body(() => missing(version), Number(version)));
    }
  }
}

function withServer(programs: string | undefined, body: (server: () => TestPostgres) => void): void {
  let server: TestPostgres | undefined;
  beforeAll(async () => {
    server = await startPostgres(programs);
  }, START_LIMIT_MS);
  afterAll(() => server?.[Symbol.asyncDispose]());
  body(() => server ?? missing('the tests'));
}

const START_LIMIT_MS = 60_000;

function missing(version: string): never {
  throw new Error(`there is no PostgreSQL for ${version}`);
}
