import { topics } from '@nerveline/contracts';
import { createCdcFixture, describePostgresVersions, eventually, testTable } from '@nerveline/testing';

const items = testTable('items');
const CREATE = 'CREATE TABLE items (tenant_id text, id bigint, name text, PRIMARY KEY (tenant_id, id))';

describePostgresVersions('the relay on a real PostgreSQL', (server) => {
  it('carries rows that were there, then every change that is committed', async () => {
    await using fixture = await createCdcFixture([items], server());
    const { database } = fixture;
    await database.query(CREATE);
    await database.query(`INSERT INTO items SELECT 'demo', n, 'old' FROM generate_series(1, 25) n`);
    const relay = fixture.start({ snapshot_chunk_rows: 10 });
    await eventually(() => relay.readiness.ready);
    await database.query(`INSERT INTO items VALUES ('demo', 9007199254740993, 'new')`);
    await database.query(`UPDATE items SET name = 'newer' WHERE id > 1000`);
    await database.query(`UPDATE items SET id = 26 WHERE id > 1000`);
    await database.query(`DELETE FROM items WHERE id = 26`);
    const changes = await eventually(() => {
      const found = fixture.changes(items);
      return found.length >= 30 && found;
    });
    expect(changes.slice(0, 25).map(({ op, after }) => [op, after?.['id']])).toEqual(
      Array.from({ length: 25 }, (_, i) => ['r', i + 1]),
    );
    expect(changes.slice(25).map(({ op, before, after }) => ({ op, before, after }))).toEqual([
      { op: 'c', before: null, after: { tenant_id: 'demo', id: 9007199254740993n, name: 'new' } },
      { op: 'u', before: null, after: { tenant_id: 'demo', id: 9007199254740993n, name: 'newer' } },
      { op: 'd', before: { tenant_id: 'demo', id: 9007199254740993n }, after: null },
      { op: 'c', before: null, after: { tenant_id: 'demo', id: 26, name: 'newer' } },
      { op: 'd', before: { tenant_id: 'demo', id: 26 }, after: null },
    ]);
    expect(fixture.sink.of(topics.transactions.name)).toHaveLength(8);
    await relay.stop();
  });
});
