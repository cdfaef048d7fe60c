import type { RelayEvent } from '@nerveline/cdc';
import {
  createCdcFixture,
  describePostgresVersions,
  eventually,
  testTable,
  type CdcFixture,
  type TestPostgres,
} from '@nerveline/testing';

const items = testTable('items', { key: ['id'], partitions: 1 });
const MIB = 1_048_576;

jest.setTimeout(90_000);

describePostgresVersions('a slot that is lost', (server) => {
  it('under a running relay ends it with a code, and is made anew with a new snapshot when the policy says so', async () => {
    await using fixture = await createFixture(server());
    const first = fixture.start();
    await eventually(() => first.readiness.ready);
    await insert(fixture, 1);
    await eventually(() => ids(fixture).length === 1);
    await dropSlot(fixture);
    await expect(first.done).rejects.toMatchObject({ code: 'NL-CDC-010' });
    // Nobody watches.
    await insert(fixture, 2);
    const events: RelayEvent[] = [];
    const second = fixture.start({ lost_slot: 'resnapshot', onEvent: (event) => events.push(event) });
    await eventually(() => second.readiness.ready);
    await insert(fixture, 3);
    await eventually(() => ids(fixture).includes(3));
    expect(ids(fixture)).toEqual([1, 1, 2, 3]);
    expect(events).toContainEqual({ kind: 'slot_replaced', slot: fixture.slot });
    // Only once: the new slot is the slot now.
    await second.stop();
    const third = fixture.start();
    await eventually(() => third.readiness.ready);
    expect(ids(fixture)).toEqual([1, 1, 2, 3]);
  });

  it('to the limit of the server is made anew, too', async () => {
    await using fixture = await createFixture(server());
    const { database } = fixture;
    const first = fixture.start();
    await eventually(() => first.readiness.ready);
    await first.stop();
    await insert(fixture, 1);
    await database.query(`ALTER SYSTEM SET max_slot_wal_keep_size = '1MB'`);
    await database.query('SELECT pg_reload_conf()');
    try {
      await eventually(async () => {
        await database.query('CREATE TABLE filler (n int); DROP TABLE filler; SELECT pg_switch_wal()');
        await database.query('CHECKPOINT');
        const [slot] = await database.query('SELECT wal_status FROM pg_replication_slots WHERE slot_name = $1', [
          fixture.slot,
        ]);
        return slot?.['wal_status'] === 'lost';
      });
      await expect(fixture.start().done).rejects.toThrow(/NL-CDC-008.*max_slot_wal_keep_size/);
      const second = fixture.start({ lost_slot: 'resnapshot' });
      await eventually(() => second.readiness.ready);
      expect(ids(fixture)).toEqual([1]);
    } finally {
      await database.query('ALTER SYSTEM RESET max_slot_wal_keep_size');
      await database.query('SELECT pg_reload_conf()');
    }
  });
});

describePostgresVersions('a slot that another relay reads', (server) => {
  it('ends the second one, or is taken over by it, as the policy says', async () => {
    await using fixture = await createFixture(server());
    const first = fixture.start({ min_backoff_ms: 60_000, max_backoff_ms: 60_000 });
    await eventually(() => first.readiness.ready);
    await expect(fixture.start({ taken_slot: 'stop' }).done).rejects.toMatchObject({ code: 'NL-CDC-024' });
    const second = fixture.start({ taken_slot: 'take_over' });
    await eventually(() => second.readiness.ready);
    expect(first.readiness.ready).toBe(false);
    await insert(fixture, 1);
    await eventually(() => ids(fixture).length === 1);
  });
});

describePostgresVersions('a publication that drifts', (server) => {
  it('and leaves out operations is refused, with the statement that mends it', async () => {
    await using fixture = await createFixture(server());
    await fixture.database.query(`CREATE PUBLICATION nerveline FOR TABLE items WITH (publish = 'insert, update')`);
    const error: unknown = await fixture.start().done.catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'NL-CDC-025' });
    const [, statement = ''] = /(ALTER PUBLICATION .*;)/.exec(String(error)) ?? [];
    await fixture.database.query(statement);
    const relay = fixture.start();
    await eventually(() => relay.readiness.ready);
  });

  it('and loses a table gets it back, and the table is read anew: what happened meanwhile never came', async () => {
    await using fixture = await createFixture(server());
    const events: RelayEvent[] = [];
    const relay = fixture.start({ table_poll_ms: 100, onEvent: (event) => events.push(event) });
    await eventually(() => relay.readiness.ready);
    await fixture.database.query('ALTER PUBLICATION nerveline DROP TABLE items; INSERT INTO items VALUES (1)');
    await eventually(() => ids(fixture).includes(1), { within_ms: 20_000 });
    await insert(fixture, 2);
    await eventually(() => ids(fixture).includes(2));
    expect(fixture.changes(items).map(({ op, after }) => [op, after?.['id']])).toEqual([
      ['r', 1],
      ['c', 2],
    ]);
    expect(events).toContainEqual({ kind: 'publication_drifted', tables: ['public.items'] });
  });
});

describePostgresVersions('the WAL that a source keeps', (server) => {
  it('for an idle publication in a busy cluster is 64 MB at most, without a word of ours to the source', async () => {
    await using fixture = await createFixture(server());
    const relay = fixture.start();
    await eventually(() => relay.readiness.ready);
    const before = await walPosition(fixture);
    for (let i = 0; i < 12; i++) {
      await makeNoise(fixture, 16);
      // As the server does by itself every five minutes, and when so much WAL was written.
      await fixture.database.query('CHECKPOINT');
    }
    expect((await walPosition(fixture)) - before).toBeGreaterThan(150 * MIB);
    await eventually(async () => ((await relay.slotState())?.retained_bytes ?? Infinity) <= 64 * MIB, {
      within_ms: 20_000,
    });
    expect(ids(fixture)).toEqual([]);
  });

  it('is free at once when it passes the budget, though the log is stuck, and nothing is missing afterwards', async () => {
    await using fixture = await createFixture(server());
    const { sink, database, slot } = fixture;
    const events: RelayEvent[] = [];
    const relay = fixture.start({
      ...{ wal_budget_bytes: 20 * MIB, over_wal_budget: 'drop_slot_and_resnapshot', slot_poll_ms: 50 },
      onEvent: (event) => events.push(event),
    });
    await eventually(() => relay.readiness.ready);
    let open = () => {};
    const stuck = new Promise<void>((resolve) => (open = resolve));
    sink.beforeDurable = () => stuck;
    await insert(fixture, 1);
    await eventually(() => sink.waiting === 1);
    for (let i = 0; i < 40; i++) await makeNoise(fixture, 1);
    await eventually(
      async () =>
        (await database.query('SELECT 1 FROM pg_replication_slots WHERE slot_name = $1', [slot])).length === 0,
      { within_ms: 20_000 },
    );
    await insert(fixture, 2);
    sink.beforeDurable = () => {};
    open();
    await eventually(() => relay.readiness.ready && new Set(ids(fixture)).size === 2, { within_ms: 30_000 });
    expect(events.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['wal_near_limit', 'slot_replaced']));
  });

  it('ends the relay at the budget when the policy is to stop', async () => {
    await using fixture = await createFixture(server());
    const first = fixture.start();
    await eventually(() => first.readiness.ready);
    await first.stop();
    await makeNoise(fixture, 8);
    const relay = fixture.start({ wal_budget_bytes: MIB });
    await expect(relay.done).rejects.toMatchObject({ code: 'NL-CDC-022' });
  });
});

async function createFixture(server: TestPostgres): Promise<CdcFixture> {
  const fixture = await createCdcFixture([items], server);
  await fixture.database.query('CREATE TABLE items (id int PRIMARY KEY); CREATE TABLE noise (padding text)');
  await fixture.database.query('ALTER TABLE noise ALTER padding SET STORAGE EXTERNAL');
  return fixture;
}

const insert = ({ database }: CdcFixture, id: number) => database.query('INSERT INTO items VALUES ($1)', [id]);

const ids = (fixture: CdcFixture): number[] => fixture.changes(items).map(({ after }) => Number(after?.['id']));

async function dropSlot({ database, slot }: CdcFixture): Promise<void> {
  await eventually(async () => {
    await database.query('SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = $1', [
      slot,
    ]);
    return database.query('SELECT pg_drop_replication_slot($1)', [slot]).then(
      () => true,
      () => false,
    );
  });
}

/** WAL of another table. */
async function makeNoise({ database }: CdcFixture, mib: number): Promise<void> {
  await database.query(
    `INSERT INTO noise SELECT repeat('x', 8000) FROM generate_series(1, ${(mib * MIB) / 8_192}); TRUNCATE noise`,
  );
}

async function walPosition({ database }: CdcFixture): Promise<number> {
  const [row] = await database.query(`SELECT (pg_current_wal_lsn() - '0/0')::float8 AS bytes`);
  return Number(row?.['bytes']);
}
