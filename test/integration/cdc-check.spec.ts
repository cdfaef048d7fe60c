import { createDatabase, stopOwnPostgres, type TestDatabase } from '@nerveline/testing';
import { Client } from 'pg';
import { preflight, type Finding } from '../../apps/cli/src/preflight';

afterAll(stopOwnPostgres);

const TABLE = 'fraud.block_list';

describe('the preflight of a source', () => {
  it('names each missing grant and setting with the SQL that mends it, until nothing is missing', async () => {
    await using database = await createDatabase();
    const name = new URL(database.url).pathname.slice(1);
    const role = `${name}_relay`;
    await database.query(`
      CREATE ROLE ${role} LOGIN PASSWORD 'x'; REVOKE CREATE ON DATABASE ${name} FROM PUBLIC; CREATE SCHEMA fraud;
      CREATE TABLE ${TABLE} (tenant_id text, kind text, value text); ALTER TABLE ${TABLE} ENABLE ROW LEVEL SECURITY;
      CREATE PUBLICATION nerveline WITH (publish = 'insert')`);
    try {
      const before = await findingsOf(database, role);
      const expected: Record<string, string[]> = {
        'right to replicate': [`ALTER ROLE "${role}" REPLICATION;`],
        'publication nerveline': [`ALTER PUBLICATION nerveline SET (publish = 'insert, update, delete, truncate');`],
        [TABLE]: [
          'ALTER TABLE "fraud"."block_list" REPLICA IDENTITY FULL;',
          `GRANT USAGE ON SCHEMA "fraud" TO "${role}";`,
          `GRANT SELECT ON "fraud"."block_list" TO "${role}";`,
          'ALTER PUBLICATION nerveline ADD TABLE "fraud"."block_list"; by its owner',
          `ALTER ROLE "${role}" BYPASSRLS;`,
        ],
      };
      for (const [check, mends] of Object.entries(expected)) {
        const bad = before.filter((finding) => finding.check === check && !finding.good);
        expect(bad.map(({ mend }) => mend)).toEqual(mends);
        // What it says helps, as it stands there.
        for (const { mend } of bad) await database.query(mend.replace(' by its owner', ''));
      }
      const after = await findingsOf(database, role);
      expect(after.filter(({ check, good }) => check in expected && !good)).toEqual([]);
      await database.query('DROP PUBLICATION nerveline');
      const [, mend] = await publicationOf(database, role);
      expect(mend).toBe(`GRANT CREATE ON DATABASE "${name}" TO "${role}";`);
      await database.query(mend ?? '');
      expect((await publicationOf(database, role))[0]).toBe(true);
    } finally {
      await database.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
    }
  });
});

async function publicationOf(
  database: TestDatabase,
  role: string,
): Promise<readonly [boolean | undefined, string | undefined]> {
  const found = (await findingsOf(database, role)).find(({ check }) => check === 'publication nerveline');
  return [found?.good, found?.mend];
}

async function findingsOf(database: TestDatabase, role: string): Promise<readonly Finding[]> {
  const url = new URL(database.url);
  url.username = role;
  url.password = 'x';
  const client = new Client({ connectionString: url.href });
  await client.connect();
  try {
    return await preflight(async (sql) => (await client.query<Record<string, unknown>>(sql)).rows);
  } finally {
    await client.end();
  }
}
