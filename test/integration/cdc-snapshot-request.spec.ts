import type { RelayEvent, RelayOptions } from '@nerveline/cdc';
import { SNAPSHOT_REQUEST_PREFIX } from '@nerveline/contracts';
import { createCdcFixture, describePostgresVersions, eventually, testTable, type CdcFixture } from '@nerveline/testing';
import { requestSnapshot, requireSourceTables } from '../../apps/cli/src/request-snapshot';

const items = testTable('items', { key: ['id'], partitions: 2 });
const others = testTable('others', { key: ['id'], partitions: 1 });
const ROWS = 200;

jest.setTimeout(90_000);

describePostgresVersions('a snapshot on demand', (server) => {
  async function createTables(): Promise<CdcFixture> {
    const fixture = await createCdcFixture([items, others], server());
    await fixture.database.query(`CREATE TABLE items (id int PRIMARY KEY, n int NOT NULL DEFAULT 0);
      CREATE TABLE others (id int PRIMARY KEY); INSERT INTO others VALUES (1);
      INSERT INTO items SELECT generate_series(1, ${ROWS})`);
    return fixture;
  }

  it('reads the table anew while it is written to, and no other; the log gives the table', async () => {
    await using fixture = await createTables();
    const { database, sink } = fixture;
    const relay = fixture.start({ snapshot_chunk_rows: 20 });
    await eventually(() => relay.readiness.ready);
    await requestSnapshot(database.url, ['public.items']);
    for (let i = 0; i < 20; i++) await database.query(`UPDATE items SET n = n + 1 WHERE id % 7 = ${i % 7}`);
    await eventually(() => readCounts(fixture).every((count) => count === 2));
    const rows = await database.query('SELECT id, n FROM items ORDER BY id');
    await eventually(() => expect(asTable(fixture)).toEqual(rows) === undefined);
    expect(sink.stepsBack(items.topic.name)).toEqual([]);
    expect(fixture.changes(others).length).toBe(1);
  });

  it('that was asked for while no relay ran is made by the next', async () => {
    await using fixture = await createTables();
    const first = fixture.start();
    await eventually(() => first.readiness.ready);
    await first.stop();
    await request(fixture, { tables: ['public.items'] });
    fixture.start();
    await eventually(() => readCounts(fixture).every((count) => count === 2));
  });

  it('goes on behind its last chunk after an end in the middle, and a request that comes again is not served again', async () => {
    await using fixture = await createTables();
    const { sink } = fixture;
    const first = fixture.start();
    await eventually(() => first.readiness.ready);
    await first.stop();
    // The floor stays below the request, so that it comes again with each session.
    const options = { snapshot_chunk_rows: 20, confirm_interval_ms: 600_000 };
    const second = fixture.start(options);
    await eventually(() => second.readiness.ready);
    let chunks = 0;
    sink.beforeDurable = (records) => {
      if (records.some(({ topic }) => topic === items.topic.name) && ++chunks > 3) throw new Error('the power is gone');
    };
    await request(fixture, { tables: ['public.items'] });
    await expect(second.done).rejects.toThrow('the power is gone');
    expect(readCounts(fixture).filter((count) => count === 2).length).toBe(60);
    sink.beforeDurable = () => {};
    for (let session = 0; session < 2; session++) {
      const [ready, told] = [fixture.start(tellTo(options)), events.length];
      await eventually(() => readCounts(fixture).every((count) => count === 2));
      await eventually(() => events.slice(told).some(({ kind }) => kind === 'snapshot_requested'));
      const again = events.slice(told).find((event) => event.kind === 'snapshot_requested');
      expect(again).toMatchObject({ tables: [], ignored: ['public.items'] });
      sink.beforeDurable = () => {
        throw new Error('the power is gone');
      };
      await ready.stop().catch(() => {});
      sink.beforeDurable = () => {};
    }
    expect(readCounts(fixture)).toEqual(Array.from({ length: ROWS }, () => 2));
  });

  it('that nobody can make is told and ends nothing', async () => {
    await using fixture = await createTables();
    const relay = fixture.start(tellTo({}));
    await eventually(() => relay.readiness.ready);
    const told = events.length;
    await request(fixture, { tables: ['public.unknown'] });
    await request(fixture, { table: 'public.items' });
    await fixture.database.query(`SELECT pg_logical_emit_message(true, $1, 'no JSON')`, [SNAPSHOT_REQUEST_PREFIX]);
    await fixture.database.query('INSERT INTO others VALUES (2)');
    await eventually(() => fixture.changes(others).length === 2);
    const kinds = events.slice(told).map(({ kind }) => kind);
    expect(kinds).toEqual(['snapshot_requested', 'snapshot_request_refused', 'snapshot_request_refused']);
    expect(events[told]).toMatchObject({ tables: [], ignored: ['public.unknown'] });
    expect(readCounts(fixture)).toEqual(Array.from({ length: ROWS }, () => 1));
  });
});

it('is asked for a source table only', () => {
  expect(() => requireSourceTables(['fraud.block_list'])).not.toThrow();
  expect(() => requireSourceTables(['fraud.block_list', 'fraud.blok_list'])).toThrow(/NL-API-012.*fraud\.blok_list/);
});

const events: RelayEvent[] = [];
const tellTo = (options: Partial<RelayOptions>): Partial<RelayOptions> => ({
  ...options,
  onEvent: (event) => events.push(event),
});

const request = ({ database }: CdcFixture, content: object) =>
  database.query('SELECT pg_logical_emit_message(true, $1, $2)', [SNAPSHOT_REQUEST_PREFIX, JSON.stringify(content)]);

/** How often a snapshot has brought each of the rows. */
function readCounts(fixture: CdcFixture): number[] {
  const counts = Array.from({ length: ROWS }, () => 0);
  for (const { op, after } of fixture.changes(items)) {
    const at = Number(after?.['id']) - 1;
    if (op === 'r') counts[at] = (counts[at] ?? 0) + 1;
  }
  return counts;
}

/** The log, read from its beginning. */
function asTable(fixture: CdcFixture): unknown[] {
  const rows = new Map<number, unknown>();
  for (const { after } of fixture.changes(items)) rows.set(Number(after?.['id']), after);
  return [...rows].sort(([a], [b]) => a - b).map(([, row]) => row);
}
