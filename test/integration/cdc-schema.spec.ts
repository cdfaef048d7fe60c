import { ResumePoint } from '@nerveline/cdc';
import { topics, type SchemaChanged, type ShapeChange, type TableShape } from '@nerveline/contracts';
import { openLog } from '@nerveline/log';
import {
  createCdcFixture,
  createTempDirectory,
  describePostgresVersions,
  eventually,
  testTable,
  type CdcFixture,
} from '@nerveline/testing';
import { LogSink } from '../../apps/cdc-relay/src/adapters/log-sink';

const items = testTable('items', { key: ['id'], partitions: 2 });
const CREATE_ITEMS = 'CREATE TABLE items (id int PRIMARY KEY, a text, price numeric(10, 2), note text)';

jest.setTimeout(90_000);
afterEach(() => jest.restoreAllMocks());

describePostgresVersions('the shape of a table', (server) => {
  async function createItems(): Promise<CdcFixture> {
    const fixture = await createCdcFixture([items], server());
    await fixture.database.query(`${CREATE_ITEMS}; INSERT INTO items VALUES (1, 'a', 1, 'n')`);
    return fixture;
  }

  it('is told once with the snapshot, and again ahead of the first row that has another', async () => {
    await using fixture = await createItems();
    const { database, sink } = fixture;
    const relay = fixture.start();
    await eventually(() => relay.readiness.ready);
    expect(sink.schemaChanges().map(columnsOf)).toEqual([[null, ['id', 'a', 'price', 'note']]]);
    // In one transaction with rows of the old shape in front and of the new behind: the event stands between them.
    await database.query(`INSERT INTO items VALUES (2, 'a', 2, 'n')`);
    await database.query(`BEGIN; INSERT INTO items VALUES (3, 'a', 3, 'n');
      ALTER TABLE items ADD COLUMN extra int; ALTER TABLE items RENAME COLUMN a TO title;
      ALTER TABLE items ALTER COLUMN price TYPE numeric(12, 3);
      INSERT INTO items VALUES (4, 'b', 4, 'n', 5); COMMIT`);
    await database.query(
      'ALTER TABLE items DROP COLUMN note; INSERT INTO items VALUES (5, $1, 5, 6)'.replace('$1', `'c'`),
    );
    await eventually(() => fixture.changes(items).length === 5);

    const [, altered, dropped, ...rest] = sink.schemaChanges();
    expect(rest).toEqual([]);
    expect(altered?.changes.map(inWords)).toEqual([
      'renamed a to title',
      'added extra',
      `retyped price from 1700/${((10 << 16) | 2) + 4} to 1700/${((12 << 16) | 3) + 4}`,
    ]);
    expect(altered && columnsOf(altered)).toEqual([
      ['id', 'a', 'price', 'note'],
      ['id', 'title', 'price', 'note', 'extra'],
    ]);
    expect(dropped?.changes.map(inWords)).toEqual(['dropped note']);
    for (const [id, change] of [
      [4, altered],
      [5, dropped],
    ] as const) {
      expect(change?.position).toBe(positionOf(fixture, id));
      expect(placeOfSchema(fixture, change)).toBeLessThan(placeOfRow(fixture, id));
      expect(placeOfSchema(fixture, change)).toBeGreaterThan(placeOfRow(fixture, id - 1));
    }
  });

  it('is not told when a domain or a type of its own is in it, or when nothing but a session is new', async () => {
    await using fixture = await createCdcFixture([items], server());
    const { database, sink } = fixture;
    await database.query(`CREATE DOMAIN amount AS varchar(10); CREATE TYPE mood AS ENUM ('ok');
      CREATE TABLE items (id int PRIMARY KEY, a amount, m mood, s varchar(5));
      ALTER TABLE items REPLICA IDENTITY FULL; INSERT INTO items VALUES (1, 'a', 'ok', 's')`);
    const first = fixture.start();
    await eventually(() => first.readiness.ready);
    await database.query(`INSERT INTO items VALUES (2, 'a', 'ok', 's')`);
    await eventually(() => fixture.changes(items).length === 2);
    await first.stop();
    fixture.start();
    await database.query(`UPDATE items SET s = 't' WHERE id = 2`);
    await eventually(() => fixture.changes(items).length === 3);
    expect(sink.schemaChanges().length).toBe(1);
  });

  it('is told by what the log holds when it changed while nobody watched', async () => {
    await using fixture = await createItems();
    const first = fixture.start();
    await eventually(() => first.readiness.ready);
    await first.stop();
    await fixture.database.query(
      `ALTER TABLE items ADD COLUMN extra int; INSERT INTO items VALUES (2, 'a', 2, 'n', 3)`,
    );
    fixture.start();
    await eventually(() => fixture.changes(items).length === 2);
    expect(fixture.sink.schemaChanges().at(-1)?.changes.map(inWords)).toEqual(['added extra']);
    expect(fixture.sink.schemaChanges().length).toBe(2);
  });

  it('is told once, though the stream comes again from before the change, and rows keep their positions', async () => {
    await using fixture = await createItems();
    const told = await stopBehindTheChange(fixture);
    fixture.start();
    await fixture.database.query(`INSERT INTO items VALUES (9, 'z', 9, 'n', 9)`);
    await eventually(() => fixture.changes(items).some(({ after }) => after?.['id'] === 9));
    expect(fixture.sink.schemaChanges()).toEqual(told);
    expect(fixture.changes(items).map(({ after }) => after?.['id'])).toEqual([1, 2, 3, 4, 9]);
    for (const { name } of [topics.schemas, items.topic]) expect(fixture.sink.stepsBack(name)).toEqual([]);
  });

  it('would be told again, backwards and forwards, without the tails (the guard matters)', async () => {
    jest.spyOn(ResumePoint.prototype, 'isInLog').mockReturnValue(false);
    await using fixture = await createItems();
    const told = await stopBehindTheChange(fixture);
    fixture.start();
    await eventually(() => fixture.sink.schemaChanges().length > told.length + 1);
  });
});

it('is read back from the log: the last of each table', async () => {
  await using directory = await createTempDirectory();
  const log = await openLog({ data_directory: directory.path, service: 'cdc-relay' });
  const shape: TableShape = { relation_oid: 1, replica_identity: 'd', columns: [] };
  const changes = ['public.a', 'public.b', 'public.a'].map((table, i): SchemaChanged => ({
    ...{ format_version: 1, table, position: `1:1:0/${i}:0`, ts_ms: i, before: null, after: shape, changes: [] },
  }));
  const sink = new LogSink(log);
  expect(await sink.readSchemas()).toEqual([]);
  for (const change of changes) {
    const value = Buffer.from(JSON.stringify(change));
    await sink.write([{ topic: topics.schemas.name, partition: 0, key: change.table, value, timestamp_ms: 0 }]);
  }
  expect(await sink.readSchemas()).toEqual([changes[2], changes[1]]);
  await log.close();
});

/** A relay that wrote a change of the shape, and ended before it wrote down how far it was. */
async function stopBehindTheChange(fixture: CdcFixture): Promise<SchemaChanged[]> {
  const { database, sink } = fixture;
  const relay = fixture.start({ confirm_interval_ms: 60_000 });
  await eventually(() => relay.readiness.ready);
  await database.query(`INSERT INTO items VALUES (2, 'a', 2, 'n')`);
  await database.query(`BEGIN; INSERT INTO items VALUES (3, 'a', 3, 'n'); ALTER TABLE items ADD COLUMN extra int;
    INSERT INTO items VALUES (4, 'b', 4, 'n', 5); COMMIT`);
  await eventually(() => fixture.changes(items).length === 4);
  sink.beforeDurable = () => Promise.reject(new Error('the process ends here'));
  await relay.stop().catch(() => {});
  sink.beforeDurable = () => {};
  return sink.schemaChanges();
}

function inWords(change: ShapeChange): string {
  if (change.kind === 'renamed') return `renamed ${change.from} to ${change.to}`;
  if (change.kind === 'added' || change.kind === 'dropped') return `${change.kind} ${change.column.name}`;
  if (change.kind !== 'retyped') return change.kind;
  const [from, to] = [change.before, change.after].map((column) => `${column.type_oid}/${column.type_modifier}`);
  return `retyped ${change.after.name} from ${from} to ${to}`;
}

const columnsOf = ({ before, after }: SchemaChanged) =>
  [before, after].map((shape) => shape?.columns.map(({ name }) => name) ?? null);

const rowRecord = ({ sink }: CdcFixture, id: number) =>
  sink.records.find(({ topic, key }) => topic === items.topic.name && key === String(id));

const positionOf = (fixture: CdcFixture, id: number) => rowRecord(fixture, id)?.headers?.['source_position'];

const placeOfRow = (fixture: CdcFixture, id: number): number => {
  const record = rowRecord(fixture, id);
  return record === undefined ? Number.NaN : fixture.sink.records.indexOf(record);
};

const placeOfSchema = ({ sink }: CdcFixture, change: SchemaChanged | undefined): number =>
  sink.records.findIndex(
    ({ topic, headers }) => topic === topics.schemas.name && headers?.['source_position'] === change?.position,
  );
