import { ResumePoint } from '@nerveline/cdc';
import { recordHeaders, topics } from '@nerveline/contracts';
import {
  createCdcFixture,
  createDatabase,
  eventually,
  startPostgres,
  stopOwnPostgres,
  testTable,
  type CdcFixture,
} from '@nerveline/testing';

const items = testTable('items', { key: ['id'], partitions: 3 });

jest.setTimeout(60_000);
afterEach(() => jest.restoreAllMocks());
afterAll(stopOwnPostgres);

/** Promise 2: once in the log, positions strictly increasing in each partition. */
describe('a broken stream', () => {
  it('goes on without a gap when its WAL sender is ended, again and again', async () => {
    await using fixture = await createFixture();
    const relay = fixture.start();
    await eventually(() => relay.readiness.ready);
    for (let round = 0; round < 5; round++) {
      await insert(fixture, round * 100, 100);
      const [ended] = await fixture.database.query(
        'SELECT pg_terminate_backend(active_pid) AS ended FROM pg_replication_slots WHERE slot_name = $1 AND active',
        [fixture.slot],
      );
      const sessions = relay.status.sessions;
      if (ended?.['ended'] === true) await eventually(() => relay.status.sessions > sessions && relay.readiness.ready);
    }
    await expectOnce(fixture, 500);
    expect(relay.status.last_error).toMatchObject({ code: 'NL-CDC-004' });
  });

  it('goes on without a gap when the server crashes and recovers', async () => {
    await using server = await startPostgres();
    await using fixture = await createFixture(server);
    const relay = fixture.start();
    await eventually(() => relay.readiness.ready);
    await insert(fixture, 0, 200);
    const [backend] = await fixture.database.query('SELECT active_pid AS pid FROM pg_replication_slots');
    // One process that dies badly takes the whole server through crash recovery.
    process.kill(Number(backend?.['pid']), 'SIGKILL');
    await eventually(() => insert(fixture, 200, 200).then(() => true));
    await expectOnce(fixture, 400);
  });
});

describe('a server that is shut down', () => {
  it('need not wait for the relay, which confirms everything and then waits for the server', async () => {
    await using server = await startPostgres();
    await using fixture = await createFixture(server);
    const relay = fixture.start({ confirm_interval_ms: 1_000 });
    await eventually(() => relay.readiness.ready);
    await insert(fixture, 0, 100);
    const [row] = await fixture.database.query(`SELECT pg_read_file('postmaster.pid', 0, 16) AS file`);
    const postmaster = Number.parseInt(String(row?.['file']), 10);
    // A fast shutdown: WAL senders stay until their readers have confirmed all there is.
    process.kill(postmaster, 'SIGINT');
    await eventually(() => !isRunning(postmaster), { within_ms: 20_000 });
    expect(ids(fixture).length).toBe(100);
    // The stream broke, or nobody answered the next try already.
    await eventually(() => /^NL-CDC-0(04|20)/.test(relay.readiness.detail));
    await relay.stop();
    // The server is gone: nothing is left to drop.
    fixture.abandon();
  });
});

describe('a restart', () => {
  it('drops what the tails hold, though the floor is older', async () => {
    await using fixture = await createFixture();
    await stopBeforeTheFloor(fixture);
    const relay = fixture.start();
    await insert(fixture, 100, 1);
    await expectOnce(fixture, 101);
    expect(relay.status.dropped_records).toBeGreaterThan(100);
  });

  it('would write them again without the tails (the guard matters)', async () => {
    jest.spyOn(ResumePoint.prototype, 'isInLog').mockReturnValue(false);
    await using fixture = await createFixture();
    await stopBeforeTheFloor(fixture);
    fixture.start();
    await insert(fixture, 100, 1);
    await eventually(() => ids(fixture).includes(100));
    expect(ids(fixture).length).toBe(201);
  });

  it('in the middle of a huge transaction writes the rest of it, and its END last', async () => {
    await using fixture = await createFixture();
    const { sink } = fixture;
    const small = { max_batch_bytes: 20_000, max_pending_bytes: 40_000 };
    const relay = fixture.start(small);
    await eventually(() => relay.readiness.ready);
    sink.writes.length = 0;
    let slices = 0;
    sink.beforeDurable = (records) => {
      if (records.some(({ topic }) => topic === items.topic.name) && ++slices === 4) throw new Error('cut off');
    };
    const inserting = insert(fixture, 0, 5_000);
    await expect(relay.done).rejects.toThrow('cut off');
    await inserting;
    expect(ids(fixture).length).toBeGreaterThan(0);
    expect(ids(fixture).length).toBeLessThan(5_000);
    sink.beforeDurable = () => {};
    const second = fixture.start(small);
    let most_pending_bytes = 0;
    await eventually(() => {
      most_pending_bytes = Math.max(most_pending_bytes, second.status.pending_bytes);
      return sink.of(items.topic.name).length >= 5_000;
    });
    await expectOnce(fixture, 5_000);
    // One read from the socket, 64 KiB, may come on top of the limit; as records it is some seven times as large.
    expect(most_pending_bytes).toBeLessThan(40_000 + 8 * 65_536);
    const marks = await eventually(() => marksOf(fixture).length === 2 && marksOf(fixture));
    expect(marks[1]).toMatchObject({ status: 'END', event_count: 5_000 });
    expect(Math.max(...sink.writes)).toBeLessThan(2_000);
  });
});

describe('a source that is another one', () => {
  it('is refused when the progress is of another epoch', async () => {
    await using fixture = await createFixture();
    await fixture.start().stop();
    const relay = fixture.start();
    await eventually(() => relay.readiness.ready);
    await relay.stop();
    await using elsewhere = await startPostgres();
    await using database = await createDatabase(elsewhere);
    const written = fixture.sink.records.length;
    const restored = fixture.start({ source_url: database.url });
    await expect(restored.done).rejects.toMatchObject({ code: 'NL-CDC-009' });
    expect(fixture.sink.records.length).toBe(written);
  });

  it('is refused when only the tails show it, under a new slot name too', async () => {
    await using fixture = await createFixture();
    const position = '1:1:0/10:0';
    const value = Buffer.from('{}');
    const headers = { [recordHeaders.source_position]: position };
    await fixture.sink.write([{ topic: items.topic.name, partition: 2, key: 'x', value, headers, timestamp_ms: 0 }]);
    await expect(fixture.start().done).rejects.toMatchObject({ code: 'NL-CDC-009' });
  });
});

async function createFixture(server?: Awaited<ReturnType<typeof startPostgres>>): Promise<CdcFixture> {
  const fixture = await createCdcFixture([items], server);
  await fixture.database.query('CREATE TABLE items (id int PRIMARY KEY, padding text)');
  return fixture;
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

const insert = ({ database }: CdcFixture, from: number, count: number) =>
  database.query(`INSERT INTO items SELECT n, repeat('x', 40) FROM generate_series($1::int, $2::int) n`, [
    from,
    from + count - 1,
  ]);

/** Rows are in the sink, and the relay ends before it wrote down how far it is. */
async function stopBeforeTheFloor(fixture: CdcFixture): Promise<void> {
  const first = fixture.start();
  await eventually(() => first.readiness.ready);
  await first.stop();
  const relay = fixture.start({ confirm_interval_ms: 600_000 });
  await eventually(() => relay.readiness.ready);
  await insert(fixture, 0, 100);
  await eventually(() => ids(fixture).length === 100);
  fixture.sink.beforeDurable = () => {
    throw new Error('the power is gone');
  };
  await relay.stop().catch(() => {});
  fixture.sink.beforeDurable = () => {};
}

const ids = (fixture: CdcFixture): number[] => fixture.changes(items).map(({ after }) => Number(after?.['id']));

const marksOf = ({ sink }: CdcFixture) =>
  sink
    .of(topics.transactions.name)
    .map(({ value }) => topics.transactions.schema.parse(JSON.parse(Buffer.from(value ?? []).toString())));

async function expectOnce(fixture: CdcFixture, rows: number): Promise<void> {
  await eventually(() => fixture.sink.of(items.topic.name).length >= rows, { within_ms: 20_000 });
  expect([...ids(fixture)].sort((a, b) => a - b)).toEqual(Array.from({ length: rows }, (_, i) => i));
  expect(fixture.sink.stepsBack(items.topic.name)).toEqual([]);
}
