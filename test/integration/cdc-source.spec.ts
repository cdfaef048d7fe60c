import { parseChange, topics } from '@nerveline/contracts';
import {
  createCdcFixture,
  eventually,
  startPostgres,
  stopOwnPostgres,
  testTable,
  type CdcFixture,
} from '@nerveline/testing';

const items = testTable('items', { key: ['id'], partitions: 2 });
const later = testTable('later', { key: ['id'], partitions: 2 });
const CREATE_ITEMS = 'CREATE TABLE items (id int PRIMARY KEY, n int NOT NULL DEFAULT 0)';

jest.setTimeout(60_000);
afterAll(stopOwnPostgres);

describe('what is wrong with a source is said with its code and the statement that mends it', () => {
  it('a wrong password', async () => {
    await using fixture = await createCdcFixture([items]);
    const url = new URL(fixture.database.url);
    url.password = 'wrong';
    await expect(fixture.start({ source_url: url.href }).done).rejects.toMatchObject({ code: 'NL-CDC-003' });
  });

  it('a role that may not replicate', async () => {
    await using fixture = await createCdcFixture([items]);
    const url = new URL(fixture.database.url);
    url.username = `${fixture.slot}_reader`;
    url.password = 'x';
    await fixture.database.query(`CREATE ROLE ${url.username} LOGIN PASSWORD 'x'`);
    await expect(fixture.start({ source_url: url.href }).done).rejects.toMatchObject({ code: 'NL-CDC-002' });
    await fixture.database.query(`DROP ROLE ${url.username}`);
  });

  it('a table whose updates would fail once it is published: it is not published', async () => {
    await using fixture = await createCdcFixture([items]);
    await fixture.database.query('CREATE TABLE items (id int, n int)');
    await expect(fixture.start().done).rejects.toThrow(
      /NL-CDC-006.*ALTER TABLE "public"\."items" ADD PRIMARY KEY \("id"\);/,
    );
    await fixture.database.query('INSERT INTO items VALUES (1, 1); UPDATE items SET n = 2');
  });

  it('a table without a column of its key', async () => {
    await using fixture = await createCdcFixture([items]);
    await fixture.database.query('CREATE TABLE items (other int PRIMARY KEY)');
    await expect(fixture.start().done).rejects.toMatchObject({ code: 'NL-CDC-019' });
  });

  it('a publication that the role may not make', async () => {
    await using fixture = await createCdcFixture([items]);
    const url = new URL(fixture.database.url);
    url.username = `${fixture.slot}_relay`;
    url.password = 'x';
    await fixture.database.query(`CREATE ROLE ${url.username} LOGIN REPLICATION PASSWORD 'x'`);
    await expect(fixture.start({ source_url: url.href }).done).rejects.toThrow(
      /NL-CDC-012.*CREATE PUBLICATION "nerveline";/,
    );
    await fixture.database.query(`DROP ROLE ${url.username}`);
  });

  it('a slot that another process reads: waits for it and takes over', async () => {
    await using fixture = await createCdcFixture([items]);
    await fixture.database.query(CREATE_ITEMS);
    const first = fixture.start();
    await eventually(() => first.readiness.ready);
    const second = fixture.start();
    await eventually(() => second.readiness.detail.startsWith('NL-CDC-007'));
    await first.stop();
    await eventually(() => second.readiness.ready, { within_ms: 20_000 });
  });

  it('a slot that is gone, of another plugin, or ahead of the log', async () => {
    await using fixture = await createCdcFixture([items]);
    const { database, sink, slot } = fixture;
    await database.query(CREATE_ITEMS);
    const relay = fixture.start();
    await eventually(() => relay.readiness.ready);
    await database.query('INSERT INTO items VALUES (1)');
    await eventually(() => fixture.changes(items).length === 1);
    await relay.stop();
    const newest = sink.of(topics.relayProgress.name).at(-1);
    sink.forget((record) => record === newest);
    await expect(fixture.start().done).rejects.toMatchObject({ code: 'NL-CDC-011' });
    await database.query('SELECT pg_drop_replication_slot($1)', [slot]);
    await expect(fixture.start().done).rejects.toMatchObject({ code: 'NL-CDC-010' });
    await database.query(`SELECT pg_create_logical_replication_slot($1, 'test_decoding')`, [slot]);
    await expect(fixture.start().done).rejects.toMatchObject({ code: 'NL-CDC-016' });
  });

  it('a slot whose WAL the server removed', async () => {
    await using server = await startPostgres();
    await using fixture = await createCdcFixture([items], server);
    const { database } = fixture;
    await database.query(CREATE_ITEMS);
    const relay = fixture.start();
    await eventually(() => relay.readiness.ready);
    await relay.stop();
    await database.query(`ALTER SYSTEM SET max_slot_wal_keep_size = '1MB'`);
    await database.query('SELECT pg_reload_conf()');
    for (let i = 0; i < 4; i++) {
      await database.query('CREATE TABLE filler (n int); DROP TABLE filler; SELECT pg_switch_wal()');
      await database.query('CHECKPOINT');
    }
    await expect(fixture.start().done).rejects.toMatchObject({ code: 'NL-CDC-008' });
  });
});

describe('tables', () => {
  it('that do not exist yet are waited for by name, while the others flow', async () => {
    await using fixture = await createCdcFixture([items, later]);
    const { database } = fixture;
    await database.query(CREATE_ITEMS);
    const relay = fixture.start();
    await eventually(() => relay.readiness.detail === 'NL-CDC-005: waiting for public.later');
    await database.query('INSERT INTO items VALUES (1)');
    await eventually(() => fixture.changes(items).length === 1);
    // A migration makes the table and fills it before the relay knows of it.
    await database.query('CREATE TABLE later (id int PRIMARY KEY); INSERT INTO later VALUES (1), (2)');
    await eventually(() => relay.readiness.ready);
    await database.query('INSERT INTO later VALUES (3)');
    await eventually(() => fixture.changes(later).length === 3);
    expect(fixture.changes(later).map(({ op, after }) => [op, after?.['id']])).toEqual([
      ['r', 1],
      ['r', 2],
      ['c', 3],
    ]);
  });

  it('of somebody else in the publication are counted, not carried', async () => {
    await using fixture = await createCdcFixture([items]);
    const { database } = fixture;
    await database.query(`${CREATE_ITEMS}; CREATE TABLE extra (id int PRIMARY KEY)`);
    await database.query('CREATE PUBLICATION nerveline FOR TABLE items, extra');
    const relay = fixture.start();
    await eventually(() => relay.readiness.ready);
    await database.query('INSERT INTO extra VALUES (1); INSERT INTO items VALUES (1)');
    await eventually(() => fixture.changes(items).length === 1);
    expect(relay.status.undeclared_changes).toBe(1);
  });

  it('keep what the publication hides hidden, in the snapshot too', async () => {
    await using fixture = await createCdcFixture([items]);
    const { database } = fixture;
    await database.query('CREATE TABLE items (id int PRIMARY KEY, secret text)');
    await database.query(`INSERT INTO items VALUES (1, 's'), (2, 's')`);
    await database.query('CREATE PUBLICATION nerveline FOR TABLE items (id) WHERE (id > 1)');
    fixture.start();
    await eventually(() => fixture.changes(items).length > 0);
    await database.query(`INSERT INTO items VALUES (0, 's'), (3, 's')`);
    await eventually(() => fixture.changes(items).length === 2);
    expect(fixture.changes(items).map(({ after }) => after)).toEqual([{ id: 2 }, { id: 3 }]);
  });
});

describe('the hand-over from snapshot to stream', () => {
  it('has no gap and no step back while everything is being written to', async () => {
    await using fixture = await createCdcFixture([items]);
    const { database } = fixture;
    await database.query(CREATE_ITEMS);
    await database.query('INSERT INTO items SELECT generate_series(1, 200)');
    const writing = keepWriting(fixture);
    const relay = fixture.start({ snapshot_chunk_rows: 20 });
    await eventually(() => relay.readiness.ready);
    await expectSameAsTable(fixture, await writing.stop());
  });

  it('is right when the relay ends in the middle of the snapshot and comes again', async () => {
    await using fixture = await createCdcFixture([items]);
    const { database, sink } = fixture;
    await database.query(CREATE_ITEMS);
    await database.query('INSERT INTO items SELECT generate_series(1, 200)');
    const writing = keepWriting(fixture);
    for (const chunk of [2, 3, 1]) {
      let chunks = 0;
      sink.beforeDurable = (records) => {
        const isChunk =
          records.some(({ topic }) => topic === items.topic.name) && records.at(-1)?.topic === 'relay.progress';
        if (isChunk && ++chunks === chunk) throw new Error('the power is gone');
      };
      await expect(fixture.start({ snapshot_chunk_rows: 20 }).done).rejects.toThrow('the power is gone');
    }
    sink.beforeDurable = () => {};
    const relay = fixture.start({ snapshot_chunk_rows: 20 });
    await eventually(() => relay.readiness.ready);
    const rows = await writing.stop();
    await expectSameAsTable(fixture, rows);
    // Chunks that were finished are not read again.
    const read = fixture.changes(items).filter(({ op }) => op === 'r');
    expect(new Set(read.map(({ after }) => after?.['id'])).size).toBe(read.length);
  });
});

/** Updates, inserts and deletes over all keys, until it is stopped; gives the table as it is then. */
function keepWriting({ database }: CdcFixture) {
  let stopped = false;
  const running = (async () => {
    for (let i = 0; !stopped; i++) {
      await database.query(`
        BEGIN; UPDATE items SET n = n + 1 WHERE id % 7 = ${i % 7}; INSERT INTO items VALUES (${1_000 + i});
        DELETE FROM items WHERE id = ${1_000 + i - 5}; UPDATE items SET id = -id WHERE id = ${i % 200}; COMMIT`);
    }
  })();
  return {
    stop: async () => {
      stopped = true;
      await running;
      return database.query('SELECT id, n FROM items ORDER BY id');
    },
  };
}

/** The log, read from its beginning, gives the table; and positions never step back. */
async function expectSameAsTable(fixture: CdcFixture, rows: Record<string, unknown>[]): Promise<void> {
  await eventually(() => expect(asTable(fixture)).toEqual(rows) === undefined, { within_ms: 20_000 });
  expect(fixture.sink.stepsBack(items.topic.name)).toEqual([]);
}

function asTable({ sink }: CdcFixture): Record<string, unknown>[] {
  const rows = new Map<string, Record<string, unknown>>();
  for (const { key, value } of sink.of(items.topic.name)) {
    const after = value === null ? null : parseChange(value).after;
    if (after === null) rows.delete(String(key));
    else rows.set(String(key), after);
  }
  return [...rows.values()].sort((a, b) => Number(a['id']) - Number(b['id']));
}
