import { type ParsedChange } from '@nerveline/contracts';
import { parseLsn } from '@nerveline/kernel';
import {
  createCdcFixture,
  describePostgresVersions,
  eventually,
  testTable,
  type CdcFixture,
  type TestPostgres,
} from '@nerveline/testing';
import { Client } from 'pg';

const items = testTable('items', { key: ['id'], partitions: 1 });

jest.setTimeout(90_000);

describePostgresVersions('transactions that are sent before they end', (server) => {
  it('arrive as they would have afterwards: whole, in the order of commits, without what was rolled back', async () => {
    await using parts = await createFixture(server());
    const part_changes = await changesOf(parts, { in_progress: true });
    await using whole = await createFixture(server());
    const whole_changes = await changesOf(whole, { in_progress: false });
    expect(part_changes.map(shape)).toEqual(whole_changes.map(shape));
    const kept = part_changes.map(({ after }) => (after?.['note'] as string | null)?.slice(0, 4));
    expect(new Set(kept)).toEqual(new Set(['kept', 'smal', 'full']));
    expect(kept.filter((note) => note === 'kept').length).toBe(2_000 + 300 + 300 + 300);
    // Without parts, the test would show nothing: the server must have sent them before the commit.
    expect(await streamedTransactions(parts)).toBeGreaterThan(0);
    expect(await streamedTransactions(whole)).toBe(0);
  });

  it('are held on disk in bounded memory, and leave nothing behind when they are rolled back', async () => {
    await using fixture = await createFixture(server());
    const relay = fixture.start({ in_progress: true, max_memory_bytes: 65_536 });
    await eventually(() => relay.readiness.ready);
    const client = await connect(fixture);
    await client.query(`BEGIN; INSERT INTO items SELECT n, repeat('x', 200), 'held' FROM generate_series(1, 5000) n`);
    await eventually(() => relay.status.held_bytes > 800_000);
    await fixture.database.query(`INSERT INTO items VALUES (9999, '', 'small')`);
    await eventually(() => fixture.changes(items).length === 1);
    await client.query('ROLLBACK');
    await eventually(() => relay.status.held_bytes === 0);
    await client.end();
    expect(fixture.changes(items)).toHaveLength(1);
  });

  it('come again after a crash in their middle, once', async () => {
    await using fixture = await createFixture(server());
    const first = fixture.start({ in_progress: true });
    await eventually(() => first.readiness.ready);
    const client = await connect(fixture);
    await client.query(`BEGIN; INSERT INTO items SELECT n, repeat('x', 200), 'kept' FROM generate_series(1, 3000) n`);
    await eventually(() => first.status.held_bytes > 400_000);
    await fixture.database.query(`INSERT INTO items VALUES (9999, '', 'small')`);
    await eventually(() => fixture.changes(items).length === 1);
    await first.stop();
    const second = fixture.start({ in_progress: true, max_batch_bytes: 100_000, max_pending_bytes: 200_000 });
    await eventually(() => second.readiness.ready);
    await client.query('COMMIT');
    await client.end();
    await eventually(() => fixture.changes(items).length === 3_001, { within_ms: 20_000 });
    const ids = fixture.changes(items).map(({ after }) => Number(after?.['id']));
    expect(ids).toEqual([9999, ...Array.from({ length: 3_000 }, (_, i) => i + 1)]);
  });
});

describePostgresVersions('a slot that sends transactions when they are prepared', (server) => {
  it('loses none that is prepared while the relay ends, and carries none that is rolled back', async () => {
    await using fixture = await createFixture(server());
    const { database, slot } = fixture;
    await database.query('CREATE PUBLICATION nerveline FOR TABLE items');
    await database.query(`SELECT pg_create_logical_replication_slot($1, 'pgoutput', false, true)`, [slot]);
    const first = fixture.start();
    await eventually(() => first.readiness.ready);
    const prepare = (id: number) =>
      `BEGIN; INSERT INTO items VALUES (${id}, '', 'kept'); PREPARE TRANSACTION '${slot}_${id}'`;
    await database.query(prepare(1));
    await database.query(prepare(2));
    await database.query(`INSERT INTO items VALUES (3, '', 'small')`);
    await eventually(() => fixture.changes(items).length === 1);
    await first.stop();
    const confirmed = parseLsn(first.status.confirmed_lsn);
    const [state] = await database.query('SELECT pg_current_wal_lsn()::text AS now');
    expect(confirmed).toBeLessThan(parseLsn(String(state?.['now'])));
    const second = fixture.start();
    await eventually(() => second.readiness.ready);
    await database.query(`COMMIT PREPARED '${slot}_1'`);
    await database.query(`ROLLBACK PREPARED '${slot}_2'`);
    await database.query(`INSERT INTO items VALUES (4, '', 'small')`);
    await eventually(() => fixture.changes(items).length === 3);
    expect(fixture.changes(items).map(({ after }) => after?.['id'])).toEqual([3, 1, 4]);
    await eventually(() => parseLsn(second.status.confirmed_lsn) > confirmed);
  });
});

async function createFixture(server: TestPostgres): Promise<CdcFixture> {
  const fixture = await createCdcFixture([items], server);
  const name = new URL(fixture.database.url).pathname.slice(1);
  await fixture.database.query(`ALTER DATABASE ${name} SET logical_decoding_work_mem = '64kB'`);
  await fixture.database.query('CREATE TABLE items (id int PRIMARY KEY, padding text, note text)');
  return fixture;
}

async function connect({ database }: CdcFixture): Promise<Client> {
  const client = new Client({ connectionString: database.url });
  await client.connect();
  return client;
}

/** Two large transactions and small ones between each other, with savepoints, exceptions and DDL inside. */
async function changesOf(fixture: CdcFixture, options: { in_progress: boolean }): Promise<readonly ParsedChange[]> {
  const relay = fixture.start({ ...options, max_memory_bytes: 30_000 });
  await eventually(() => relay.readiness.ready);
  const [a, b] = [await connect(fixture), await connect(fixture)];
  const rows = (from: number, n: number, note: string) =>
    `INSERT INTO items (id, padding, note) SELECT n, repeat('x', 100), '${note}' FROM generate_series(${from}, ${from + n - 1}) n`;
  await a.query(`BEGIN; ${rows(0, 2_000, 'kept')}`);
  await b.query(`BEGIN; ${rows(100_000, 2_000, 'gone')}`);
  await fixture.database.query(rows(900_000, 1, 'small'));
  await a.query(`SAVEPOINT one; ${rows(2_000, 1_500, 'gone')}; SAVEPOINT two; ${rows(3_500, 1_500, 'gone')};
    RELEASE two; ROLLBACK TO one; ${rows(2_000, 300, 'kept')}`);
  await a.query(`DO $$ BEGIN ${rows(5_000, 1_000, 'gone')}; RAISE EXCEPTION 'no'; EXCEPTION WHEN OTHERS THEN
    ${rows(5_000, 300, 'kept')}; END $$`);
  await b.query('ROLLBACK');
  await a.query(`SAVEPOINT three; ALTER TABLE items ADD COLUMN extra int; ${rows(6_000, 1_000, 'gone')}; ROLLBACK TO three;
    ALTER TABLE items ADD COLUMN later text DEFAULT 'new'; ${rows(7_000, 300, 'kept')}; COMMIT`);
  await fixture.database.query(rows(900_001, 1, 'small'));
  await fixture.database.query(`${rows(900_002, 1, 'full')}; UPDATE items SET note = 'fuller' WHERE id = 900002`);
  for (const client of [a, b]) await client.end();
  return eventually(
    () => {
      const changes = fixture.changes(items);
      return changes.at(-1)?.after?.['note'] === 'fuller' && changes;
    },
    { within_ms: 30_000 },
  );
}

/** What must be alike: not positions, times and transaction ids. */
const shape = ({ op, before, after, transaction }: ParsedChange) => {
  const { total_order } = transaction as { total_order: number };
  return { op, before, after, total_order };
};

async function streamedTransactions({ database, slot }: CdcFixture): Promise<number> {
  const [row] = await database.query('SELECT stream_txns FROM pg_stat_replication_slots WHERE slot_name = $1', [slot]);
  return Number(row?.['stream_txns']);
}
