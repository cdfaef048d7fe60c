import { parseChange, recordHeaders, topics } from '@nerveline/contracts';
import {
  createCdcFixture,
  describePostgresVersions,
  eventually,
  testTable,
  type CdcFixture,
  type TestPostgres,
} from '@nerveline/testing';

const orders = testTable('orders');
const lines = testTable('lines', { key: ['tenant_id', 'order_id', 'line'] });

/** Promise 5: a consumer can wait for all changes of a source transaction. */
describePostgresVersions('a source transaction', (server) => {
  it('can be waited for as a whole: END counts its changes by topic and partition', async () => {
    await using fixture = await createFixture(server());
    await fixture.database.query(`
      BEGIN;
      INSERT INTO orders VALUES ('demo', 1, 'new');
      INSERT INTO lines SELECT 'demo', 1, n FROM generate_series(1, 20) n;
      UPDATE orders SET state = 'paid' WHERE id = 1;
      DELETE FROM lines WHERE line > 18;
      UPDATE lines SET line = 99 WHERE line = 18;
      COMMIT`);
    const [begin, end] = await eventually(() => marks(fixture).length === 2 && marks(fixture));
    expect(begin).toMatchObject({ status: 'BEGIN', event_count: null });
    expect(end).toMatchObject({ status: 'END', id: begin?.id, event_count: 2 + 20 + 2 + 2 });
    for (const table of [orders, lines]) {
      const collection = end?.data_collections?.find(
        ({ data_collection }) => data_collection === `public.${table.table}`,
      );
      expect(countByPartition(fixture, table.topic.name, begin?.id ?? '')).toEqual(collection?.partitions);
    }
    expect(end?.data_collections?.map(({ data_collection }) => data_collection)).toEqual([
      'public.orders',
      'public.lines',
    ]);
  });

  it('numbers its changes from 1, over all tables and in each', async () => {
    await using fixture = await createFixture(server());
    await fixture.database.query(`
      BEGIN; INSERT INTO orders VALUES ('demo', 1, ''); INSERT INTO lines VALUES ('demo', 1, 1);
      INSERT INTO orders VALUES ('demo', 2, ''); COMMIT`);
    await eventually(() => marks(fixture).length === 2);
    const blocks = [...fixture.changes(orders), ...fixture.changes(lines)].map(({ transaction }) => transaction);
    expect(blocks).toMatchObject([
      { total_order: 1, data_collection_order: 1 },
      { total_order: 3, data_collection_order: 2 },
      { total_order: 2, data_collection_order: 1 },
    ]);
  });

  it('that touches no source table leaves no mark', async () => {
    await using fixture = await createFixture(server());
    await fixture.database.query(`CREATE TABLE elsewhere (n int); INSERT INTO elsewhere VALUES (1)`);
    await fixture.database.query(`INSERT INTO orders VALUES ('demo', 1, '')`);
    await eventually(() => marks(fixture).length === 2);
    expect(fixture.sink.of(orders.topic.name)).toHaveLength(1);
  });

  it('hands its trace context on, or has one of its own that a second delivery repeats', async () => {
    await using fixture = await createFixture(server());
    const given = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    await fixture.database.query(`
      BEGIN; SELECT pg_logical_emit_message(true, 'traceparent', '${given}'); INSERT INTO orders VALUES ('demo', 1, ''); COMMIT;
      INSERT INTO orders VALUES ('demo', 2, '')`);
    const records = await eventually(() => {
      const found = fixture.sink.of(orders.topic.name);
      return found.length === 2 && found;
    });
    const [first, second] = records.map(({ headers }) => headers?.[recordHeaders.traceparent]);
    expect(first).toBe(given);
    expect(second).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    const sources = records.map(({ value }) => parseChange(value ?? new Uint8Array())['source']);
    expect(sources[1]).toMatchObject({ db: new URL(fixture.database.url).pathname.slice(1), snapshot: 'false' });
  });

  it('that empties a table says so in every partition', async () => {
    await using fixture = await createFixture(server());
    await fixture.database.query(`INSERT INTO orders VALUES ('demo', 1, '')`);
    await fixture.database.query('TRUNCATE orders');
    await eventually(() => marks(fixture).length === 4);
    const truncates = fixture.sink.of(orders.topic.name).slice(1);
    expect(truncates.map(({ key, partition }) => [key, partition])).toEqual([
      [null, 0],
      [null, 1],
      [null, 2],
      [null, 3],
    ]);
    expect(
      fixture
        .changes(orders)
        .slice(1)
        .map(({ op }) => op),
    ).toEqual(['t', 't', 't', 't']);
  });
});

async function createFixture(server: TestPostgres): Promise<CdcFixture> {
  const fixture = await createCdcFixture([orders, lines], server);
  await fixture.database.query(`
    CREATE TABLE orders (tenant_id text, id int, state text, PRIMARY KEY (tenant_id, id));
    CREATE TABLE lines (tenant_id text, order_id int, line int, PRIMARY KEY (tenant_id, order_id, line))`);
  const relay = fixture.start();
  await eventually(() => relay.readiness.ready);
  return fixture;
}

const marks = ({ sink }: CdcFixture) =>
  sink
    .of(topics.transactions.name)
    .map(({ value }) => topics.transactions.schema.parse(JSON.parse(Buffer.from(value ?? []).toString())));

function countByPartition({ sink }: CdcFixture, topic: string, id: string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { value, headers, partition = 0 } of sink.of(topic)) {
    if (value === null || headers?.[recordHeaders.transaction_id] !== id) continue;
    counts[partition] = (counts[partition] ?? 0) + 1;
  }
  return counts;
}
