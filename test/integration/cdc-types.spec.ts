import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RelayEvent } from '@nerveline/cdc';
import { createCdcFixture, describePostgresVersions, eventually, testTable, type CdcFixture } from '@nerveline/testing';

const TYPES_PAGE = join(__dirname, '../../libs/cdc/postgresql-types.md');
const values = testTable('every_type', { key: ['tenant_id'], partitions: 1 });

/** As `SELECT column::text` gives it, in the relay's session. */
const TEXT = Symbol('text');

/** Column type, a value in SQL, and what stands on the wire. */
const EDGES: readonly (readonly [type: string, sql: string, expected: unknown])[] = [
  ...['smallint', 'int', 'bigint'].flatMap((type, i) => {
    const most = 2n ** BigInt(15 + 16 * i + (i === 2 ? 16 : 0));
    const exact = (value: bigint) => (i === 2 ? value : Number(value));
    return [
      [type, `'${most - 1n}'`, exact(most - 1n)],
      [type, `'${-most}'`, exact(-most)],
    ] as const;
  }),
  ['bigint', `'9007199254740993'`, 9_007_199_254_740_993n],
  ['oid', `'4294967295'`, 4_294_967_295],
  ['numeric', `'NaN'`, 'NaN'],
  ['numeric', `'-Infinity'`, '-Infinity'],
  ['numeric', `'0.${'0'.repeat(400)}1'`, TEXT],
  ['numeric', `'${'9'.repeat(400)}'`, TEXT],
  ['numeric(20,4)', `'-1.5'`, '-1.5000'],
  ['real', `'NaN'`, 'NaN'],
  ['real', `'3.4028235e38'`, 3.4028235e38],
  ['double precision', `'-Infinity'`, '-Infinity'],
  ['double precision', `'4.9e-324'`, 5e-324],
  ['double precision', `'-0'`, -0],
  ['money', `'-92233720368547758.08'::numeric::money`, '-92233720368547758.08'],
  ['money', `'1234.5'::numeric::money`, '1234.50'],
  ['date', `'-infinity'`, -2_147_483_648],
  ['date', `'4713-01-01 BC'`, -2_440_550],
  ['timestamp', `'294276-12-31 23:59:59.999999'`, 9_224_318_015_999_999_999n],
  ['timestamp', `'0044-03-15 12:00:00.000001 BC'`, -63_517_780_799_999_999n],
  ['timestamp', `'-infinity'`, -9_223_372_036_832_400_000n],
  ['timestamp(0)', `'2026-01-02 03:04:05.6'`, 1_767_323_046_000],
  ['timestamptz', `'infinity'`, 'infinity'],
  ['timestamptz', `'0044-03-15 12:00:00.000001+00 BC'`, '-0043-03-15T12:00:00.000001Z'],
  ['timestamptz', `'10000-01-01 00:00:00+00'`, '+10000-01-01T00:00:00Z'],
  ['time', `'24:00:00'`, 86_400_000_000],
  ['time(3)', `'23:59:59.999'`, 86_399_999],
  ['timetz', `'24:00:00-15:59:59'`, '15:59:59Z'],
  ['timetz', `'00:00:00.000001+15:59'`, '08:01:00.000001Z'],
  ['interval', `'-178000000 years'`, 'P-178000000Y'],
  ['interval', `'1 mon -1 day 00:00:00.000001'`, 'P1M-1DT0.000001S'],
  ['boolean', `'false'`, false],
  ['text', `E'\\u0001\\"\\\\/\\u2028😀'`, '\u0001"\\/\u2028😀'],
  ['text', `''`, ''],
  ['varchar(3)', `'äöü'`, 'äöü'],
  ['char(4)', `'a'`, 'a   '],
  ['"char"', `'x'`, 'x'],
  ['name', `'pg'`, 'pg'],
  ['bytea', `''`, ''],
  ['bytea', `'\\x00ff7f'`, 'AP9/'],
  ['bit(3)', `B'101'`, TEXT],
  ['varbit', `B''`, ''],
  ['uuid', `'00000000-0000-0000-0000-00000000000f'`, TEXT],
  ['json', `'{"a" : 1.50, "a": null}'`, '{"a" : 1.50, "a": null}'],
  ['jsonb', `'{"b": 1e3, "a": 12345678901234567890.10}'`, TEXT],
  ['jsonpath', `'$.a[*] ? (@ > 1)'`, TEXT],
  ['xml', `'<a b="1">&amp;</a>'`, '<a b="1">&amp;</a>'],
  ['inet', `'::1/64'`, TEXT],
  ['cidr', `'10.0.0.0/8'`, TEXT],
  ['macaddr', `'08:00:2b:01:02:03'`, TEXT],
  ['macaddr8', `'08:00:2b:01:02:03:04:05'`, TEXT],
  ['point', `'(1.5,-0)'`, TEXT],
  ['line', `'{1,2,3}'`, TEXT],
  ['lseg', `'[(0,0),(1,1)]'`, TEXT],
  ['box', `'(1,1),(0,0)'`, TEXT],
  ['path', `'[(0,0),(1,1)]'`, TEXT],
  ['polygon', `'((0,0),(1,1),(1,0))'`, TEXT],
  ['circle', `'<(0,0),1e-10>'`, TEXT],
  ['tsvector', `'a:1A fat:2'`, TEXT],
  ['tsquery', `'fat & !rat:*'`, TEXT],
  ['int4range', `'empty'`, TEXT],
  ['int8range', `'[1,)'`, TEXT],
  ['numrange', `'(,1.50]'`, TEXT],
  ['tsrange', `'["2026-01-01 00:00:00.5",infinity)'`, TEXT],
  ['tstzrange', `'["2026-01-01 00:00:00+00",)'`, TEXT],
  ['daterange', `'[2026-01-01,2026-02-01)'`, TEXT],
  ['int4multirange', `'{[1,3),[5,7)}'`, TEXT],
  ['int8multirange', `'{}'`, TEXT],
  ['nummultirange', `'{[1.5,2)}'`, TEXT],
  ['tsmultirange', `'{}'`, TEXT],
  ['tstzmultirange', `'{["2026-01-01 00:00:00+00",)}'`, TEXT],
  ['datemultirange', `'{[2026-01-01,2026-02-01)}'`, TEXT],
  ['regclass', `'public.every_type'`, 'public.every_type'],
  ['regtype', `'bigint'`, 'bigint'],
  ['regproc', `'pg_catalog.now'`, TEXT],
  ['regprocedure', `'pg_catalog.now()'`, TEXT],
  ['regoper', `'pg_catalog.|/'`, TEXT],
  ['regoperator', `'pg_catalog.+(int4,int4)'`, TEXT],
  ['regnamespace', `'public'`, TEXT],
  ['regrole', `'postgres'`, TEXT],
  ['regcollation', `'pg_catalog."C"'`, TEXT],
  ['regconfig', `'pg_catalog.simple'`, TEXT],
  ['regdictionary', `'pg_catalog.simple'`, TEXT],
  ['pg_lsn', `'16/B374D848'`, TEXT],
  ['xid', `'4294967295'`, TEXT],
  ['xid8', `'18446744073709551615'`, TEXT],
  ['cid', `'1'`, TEXT],
  ['tid', `'(1,2)'`, TEXT],
  ['txid_snapshot', `'10:20:10,14'`, TEXT],
  ['pg_snapshot', `'10:20:10,14'`, TEXT],
  ['refcursor', `'c'`, TEXT],
  ['aclitem', `'postgres=r/postgres'`, TEXT],
  ['int2vector', `'1 2'`, TEXT],
  ['oidvector', `'1 2'`, TEXT],
  ['int[]', `'[0:1]={1,NULL}'`, [1, null]],
  [
    'bigint[][]',
    `'{{9007199254740993,1},{NULL,2}}'`,
    [
      [9_007_199_254_740_993n, 1],
      [null, 2],
    ],
  ],
  ['text[]', `ARRAY['', 'NULL', NULL, '"\\{}', 'a,b']`, ['', 'NULL', null, '"\\{}', 'a,b']],
  ['numeric[]', `'{1.50,NaN}'`, ['1.50', 'NaN']],
  ['timestamptz[]', `'{"2026-01-02 03:04:05+00"}'`, ['2026-01-02T03:04:05Z']],
  ['inet[]', `'{10.0.0.1}'`, ['10.0.0.1']],
  ['daterange[]', `ARRAY['[2026-01-01,2026-02-01)'::daterange]`, ['[2026-01-01,2026-02-01)']],
  ['money[]', `ARRAY[1234.5::numeric::money]`, ['1234.50']],
  ['jsonb[]', `ARRAY['{"a": "b,c"}'::jsonb]`, ['{"a": "b,c"}']],
  ['box[]', `ARRAY['(1,1),(0,0)'::box]`, TEXT],
  ['int[]', `'{}'`, []],
  ['mood', `'cross'`, 'cross'],
  ['mood[]', `'{cross,NULL}'`, TEXT],
  ['big_id', `'9007199254740993'`, 9_007_199_254_740_993n],
  ['bigger_id', `'5'`, 5],
  ['ids', `'{1,2}'`, [1, 2]],
  ['stamp', `'2026-01-02 03:04:05.678'`, 1_767_323_045_678_000],
  ['pair', `ROW(1, 'a "b", c')`, TEXT],
  ['mood_range', `'[calm,cross]'`, TEXT],
];

const TYPES = `CREATE TYPE mood AS ENUM ('calm', 'cross'); CREATE DOMAIN big_id AS bigint CHECK (VALUE > 0);
  CREATE DOMAIN bigger_id AS big_id CHECK (VALUE > 1); CREATE DOMAIN ids AS bigint[]; CREATE DOMAIN stamp AS timestamp(3);
  CREATE TYPE pair AS (a int, b text); CREATE TYPE mood_range AS RANGE (subtype = mood)`;

/** Types of extensions, where the server has them. */
const EXTENSIONS: readonly (readonly [extension: string, type: string, sql: string])[] = [
  ['hstore', 'public.hstore', `'"a"=>NULL, "b"=>"x"'`],
  ['ltree', 'public.ltree', `'top.middle'`],
  ['citext', 'public.citext', `'Mixed'`],
  ['vector', 'public.vector', `'[1,2.5]'`],
  ['cube', 'public.cube', `'(1,2)'`],
];

jest.setTimeout(60_000);

describePostgresVersions('a table with every type', (server) => {
  it('has the same values from snapshot and stream, and those of a plain SELECT', async () => {
    await using fixture = await createCdcFixture([values], server());
    const edges = await createTable(fixture);
    const sql = edges.map(([, value]) => value).join(', ');
    await fixture.database.query(`INSERT INTO every_type VALUES ('before', ${sql})`);
    const events: RelayEvent[] = [];
    const relay = fixture.start({ onEvent: (event) => events.push(event) });
    await eventually(() => relay.readiness.ready);
    await fixture.database.query(
      `INSERT INTO every_type VALUES ('after', ${sql}); INSERT INTO every_type (tenant_id) VALUES ('nulls')`,
    );
    const [read, streamed, nulls] = await eventually(
      () => fixture.changes(values).length === 3 && fixture.changes(values),
    );
    expect([read?.op, streamed?.op]).toEqual(['r', 'c']);
    const texts = edges.map((_, i) => `c${i}::text AS c${i}`).join(', ');
    const plain = await selectPlain(fixture, texts);
    const mood = edges.findIndex(([type]) => type === 'mood');
    expect(events).toContainEqual({
      ...{ kind: 'carried_as_text', table: 'public.every_type', column: `c${mood}`, type: 'public.mood' },
    });
    edges.forEach(([type, value, expected], i) => {
      const name = `c${i}`;
      const wanted = expected === TEXT ? plain[name] : expected;
      const described = (found: unknown) => ({ type, value, found });
      expect(described(streamed?.after?.[name])).toEqual(described(wanted));
      expect(described(read?.after?.[name])).toEqual(described(wanted));
      expect(nulls?.after?.[name]).toBe(null);
    });
  });

  it('leaves out no type of the catalogue, nor does the page that documents them', async () => {
    await using fixture = await createCdcFixture([values], server());
    await createTable(fixture);
    const page = readFileSync(TYPES_PAGE, 'utf8');
    const types = await fixture.database.query(`
      SELECT t.typname AS name, EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = 'every_type'::regclass
        AND (a.atttypid = t.oid)) AS used FROM pg_type t
       WHERE t.oid < 10000 AND t.typtype IN ('b', 'r', 'm') AND (t.typelem = 0 OR t.typcategory <> 'A' OR t.typname IN ('int2vector', 'oidvector'))`);
    expect(types.length).toBeGreaterThan(70);
    for (const { name, used } of types) {
      expect({ name, documented: page.includes(`\`${String(name)}\``) }).toEqual({ name, documented: true });
      // What only the system's own tables hold can't stand in a table of anybody else, or has no input.
      const internal = /^(pg_node_tree|pg_ndistinct|pg_dependencies|pg_mcv_list|pg_brin_.*|gtsvector)$/.test(
        String(name),
      );
      expect({ name, used }).toEqual({ name, used: !internal });
    }
  });
});

type Edge = (typeof EDGES)[number];

async function createTable({ database }: CdcFixture): Promise<readonly Edge[]> {
  await database.query(TYPES);
  const available = await database.query('SELECT name FROM pg_available_extensions');
  const extra: Edge[] = [];
  for (const [extension, type, sql] of EXTENSIONS) {
    if (!available.some(({ name }) => name === extension)) continue;
    await database.query(`CREATE EXTENSION ${extension}`);
    extra.push([type, sql, TEXT]);
  }
  const edges = [...EDGES, ...extra];
  const columns = edges.map(([type], i) => `c${i} ${type}`).join(', ');
  await database.query(`CREATE TABLE every_type (tenant_id text PRIMARY KEY, ${columns})`);
  return edges;
}

/** In a session whose settings are the relay's. */
async function selectPlain({ database }: CdcFixture, texts: string): Promise<Record<string, unknown>> {
  const name = new URL(database.url).pathname.slice(1);
  for (const setting of [`timezone = 'UTC'`, `intervalstyle = 'iso_8601'`, `lc_monetary = 'C'`, `search_path = ''`]) {
    await database.query(`ALTER DATABASE ${name} SET ${setting}`);
  }
  const [row] = await database.query(`SELECT ${texts} FROM public.every_type LIMIT 1`);
  return row ?? {};
}
