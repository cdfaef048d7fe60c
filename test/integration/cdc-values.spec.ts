import { UNCHANGED } from '@nerveline/contracts';
import { createCdcFixture, describePostgresVersions, eventually, testTable, type CdcFixture } from '@nerveline/testing';

const values = testTable('every_value', { key: ['tenant_id'] });

/** Column type, a value in SQL, and what stands on the wire. */
const COLUMNS: readonly (readonly [type: string, sql: string, expected: unknown])[] = [
  ['bool', 'true', true],
  ['int2', '-32768', -32_768],
  ['int4', '2147483647', 2_147_483_647],
  ['int8', '9223372036854775807', 9_223_372_036_854_775_807n],
  ['float4', '0.1', 0.1],
  ['float8', '1e-320', 1e-320],
  ['float8', `'NaN'`, 'NaN'],
  ['numeric', '12345678901234567890.0987654321', '12345678901234567890.0987654321'],
  ['numeric(10,2)', '5', '5.00'],
  ['text', `E'a\\tb"\\\\ä\\u2028'`, 'a\tb"\\ä\u2028'],
  ['varchar(8)', `'x'`, 'x'],
  ['char(3)', `'x'`, 'x  '],
  ['uuid', `'6f9619ff-8b86-d011-b42d-00c04fc964ff'`, '6f9619ff-8b86-d011-b42d-00c04fc964ff'],
  ['json', `'{"a":  1}'`, '{"a":  1}'],
  ['jsonb', `'{"a":  12345678901234567890}'`, '{"a": 12345678901234567890}'],
  ['bytea', `'\\x00ff10'`, 'AP8Q'],
  ['date', `'2024-02-29'`, 19_782],
  ['date', `'4713-01-01 BC'`, -2_440_550],
  ['date', `'5874897-12-31'`, 2_145_042_905],
  ['timestamp', `'2026-01-02 03:04:05.000001'`, 1_767_323_045_000_001],
  ['timestamp(3)', `'2026-01-02 03:04:05.678'`, 1_767_323_045_678],
  ['timestamp', `'infinity'`, 9_223_372_036_825_200_000n],
  ['timestamptz', `'2026-01-02 03:04:05.5+02'`, '2026-01-02T01:04:05.5Z'],
  ['time', `'24:00'`, 86_400_000_000],
  ['timetz', `'01:30+02'`, '23:30:00Z'],
  ['interval', `'1 year 2 months 3 days 04:05:06.789'`, 'P1Y2M3DT4H5M6.789S'],
  ['inet', `'10.0.0.1/8'`, '10.0.0.1/8'],
  ['int8[]', `'{1,NULL,9007199254740993}'`, [1, null, 9_007_199_254_740_993n]],
  ['text[]', `ARRAY['a,b', 'NULL', NULL, '"']`, ['a,b', 'NULL', null, '"']],
  ['timestamp(3)[]', `'{"1970-01-01 00:00:01"}'`, [1000]],
  ['mood', `'cross'`, 'cross'],
  ['int4', 'NULL', null],
];

async function createTable({ database }: CdcFixture): Promise<void> {
  await database.query(`CREATE TYPE mood AS ENUM ('calm', 'cross')`);
  const columns = COLUMNS.map(([type], i) => `c${i} ${type}`).join(', ');
  await database.query(`CREATE TABLE every_value (tenant_id text PRIMARY KEY, ${columns}, big text)`);
  await database.query('ALTER TABLE every_value ALTER big SET STORAGE EXTERNAL');
  // What a role or database sets for itself must not change what is written.
  const name = new URL(database.url).pathname.slice(1);
  for (const setting of [`timezone = 'Asia/Kathmandu'`, `datestyle = 'German'`, `bytea_output = 'escape'`]) {
    await database.query(`ALTER DATABASE ${name} SET ${setting}`);
  }
}

const insert = (tenant: string) =>
  `INSERT INTO every_value VALUES ('${tenant}', ${COLUMNS.map(([, sql]) => sql).join(', ')}, repeat('x', 5000))`;

describePostgresVersions('exact values', (server) => {
  it('stand alike on the wire whether the snapshot or the stream brought them', async () => {
    await using fixture = await createCdcFixture([values], server());
    await createTable(fixture);
    await fixture.database.query(`SET timezone = 'UTC'; ${insert('before')}`);
    const relay = fixture.start();
    await eventually(() => relay.readiness.ready);
    await fixture.database.query(`SET timezone = 'UTC'; ${insert('after')}`);
    const changes = await eventually(() => fixture.changes(values).length === 2 && fixture.changes(values));
    const expected = Object.fromEntries(COLUMNS.map(([, , value], i) => [`c${i}`, value]));
    expect(changes[0]).toMatchObject({ op: 'r', after: { tenant_id: 'before', ...expected } });
    expect(changes[1]).toMatchObject({ op: 'c', after: { tenant_id: 'after', ...expected } });
  });

  it('tell a TOAST value that was left alone from one that is null', async () => {
    await using fixture = await createCdcFixture([values], server());
    await createTable(fixture);
    const relay = fixture.start();
    await eventually(() => relay.readiness.ready);
    await fixture.database.query(`SET timezone = 'UTC'; ${insert('demo')}`);
    await fixture.database.query(`UPDATE every_value SET c1 = 1`);
    await fixture.database.query(`UPDATE every_value SET big = NULL`);
    await fixture.database.query(`ALTER TABLE every_value REPLICA IDENTITY FULL`);
    await fixture.database.query(`UPDATE every_value SET big = repeat('y', 5000)`);
    await fixture.database.query(`UPDATE every_value SET c1 = 2`);
    const changes = await eventually(() => fixture.changes(values).length === 5 && fixture.changes(values));
    expect(changes[1]?.after?.['big']).toBe(UNCHANGED);
    expect(changes[2]?.after?.['big']).toBe(null);
    // With the full row in the WAL the value is known, though the update left it alone.
    expect(changes[4]?.after?.['big']).toBe('y'.repeat(5000));
    expect(changes[4]?.before?.['big']).toBe('y'.repeat(5000));
  });
});
