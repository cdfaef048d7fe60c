import { isDeepStrictEqual } from 'node:util';
import { ConfirmedPosition } from '@nerveline/cdc';
import { parseLsn, type Lsn } from '@nerveline/kernel';
import { createCdcFixture, eventually, stopOwnPostgres, testTable, type CdcFixture } from '@nerveline/testing';

const items = testTable('items', { partitions: 1 });

jest.setTimeout(90_000);
afterEach(() => jest.restoreAllMocks());
afterAll(stopOwnPostgres);

/** Promise 1: the slot's confirmed position never passes a change that was received and isn't durable. */
describe('what the sink did not take', () => {
  it('is delivered again, whatever keep-alives came meanwhile', async () => {
    expect(await idsAfterACrash('the first insert is durable')).toEqual([1, 2, 3]);
  });

  it('would be lost if a keep-alive were confirmed while it is on its way (the guard matters)', async () => {
    jest.spyOn(ConfirmedPosition.prototype, 'keepAlive').mockImplementation(confirmAtOnce);
    // The loss needs a checkpoint between the two writes: it happens in most attempts, not in each.
    await eventually(async () => isDeepStrictEqual(await idsAfterACrash('the keep-alive is confirmed'), [1, 3]), {
      within_ms: 60_000,
    });
  });

  it('is delivered again when no keep-alive came', async () => {
    await using fixture = await createFixture();
    const { sink, database } = fixture;
    const relay = fixture.start();
    await eventually(() => relay.readiness.ready);
    sink.beforeDurable = () => {
      throw new Error('the disk is full');
    };
    await database.query('INSERT INTO items VALUES (1)');
    await expect(relay.done).rejects.toThrow('the disk is full');
    sink.beforeDurable = () => {};
    fixture.start();
    await eventually(() => ids(fixture).length === 1);
  });

  it('would be lost if the sink said so before it is durable (the test can fail)', async () => {
    await using fixture = await createFixture();
    const { sink, database } = fixture;
    const relay = fixture.start();
    await eventually(() => relay.readiness.ready);
    await database.query('INSERT INTO items VALUES (1)');
    await eventually(
      async () => ids(fixture).length === 1 && (await confirmed(fixture)) >= (await currentLsn(fixture)),
    );
    await relay.stop();
    // As a sink would leave it that answers before fsync, after a power cut.
    sink.forget(({ topic }) => topic === items.topic.name);
    fixture.start();
    await database.query('INSERT INTO items VALUES (2)');
    await eventually(() => ids(fixture).includes(2));
    expect(ids(fixture)).toEqual([2]);
  });
});

describe('a quiet publication in a busy cluster', () => {
  it('holds no WAL', async () => {
    await using fixture = await createFixture();
    const relay = fixture.start();
    await eventually(() => relay.readiness.ready);
    const target = await makeNoise(fixture);
    await eventually(async () => (await confirmed(fixture)) >= target);
    const slot = await relay.slotState();
    expect(slot).toMatchObject({ active: true, slot: fixture.slot });
    expect(ids(fixture)).toEqual([]);
  });

  it('would hold all of it if keep-alives were not confirmed (the guard matters)', async () => {
    jest.spyOn(ConfirmedPosition.prototype, 'keepAlive').mockImplementation(() => {});
    await using fixture = await createFixture();
    const relay = fixture.start();
    // A snapshot waits for keep-alives of its own: they reach the writer, not the confirmed position.
    await eventually(() => relay.readiness.ready);
    const before = await confirmed(fixture);
    const target = await makeNoise(fixture);
    await eventually(() => parseLsn(relay.status.received_lsn) >= target);
    expect(await confirmed(fixture)).toBe(before);
  });

  it('keeps a stream whose server wants to hear from us, also while the sink is stuck', async () => {
    await using fixture = await createFixture();
    const { sink, database } = fixture;
    const name = new URL(database.url).pathname.slice(1);
    await database.query(`ALTER DATABASE ${name} SET wal_sender_timeout = '1s'`);
    const relay = fixture.start({ max_batch_bytes: 2_000, max_pending_bytes: 4_000 });
    await eventually(() => relay.readiness.ready);
    const stuck = gate();
    sink.beforeDurable = () => stuck.opened;
    await database.query('INSERT INTO items SELECT generate_series(1, 500)');
    // Three times the time-out of the server.
    const pid = await walsender(fixture);
    await database.query('SELECT pg_sleep(3)');
    expect(await walsender(fixture)).toBe(pid);
    stuck.open();
    await eventually(() => ids(fixture).length === 500);
    expect(relay.status.sessions).toBe(1);
  });
});

async function createFixture(): Promise<CdcFixture> {
  const fixture = await createCdcFixture([{ ...items, key: ['id'], order_by: ['id'] }]);
  await fixture.database.query('CREATE TABLE items (id int PRIMARY KEY); CREATE TABLE noise (n int)');
  return fixture;
}

/** Item 1 is on its way, item 2 waits, keep-alives come from the noise; then 1 gets through and the relay dies on 2. */
async function idsAfterACrash(when: 'the first insert is durable' | 'the keep-alive is confirmed'): Promise<number[]> {
  await using fixture = await createFixture();
  const { sink, database } = fixture;
  // Seldom enough that both inserts are there when the position is looked at.
  const relay = fixture.start({ confirm_interval_ms: 1_000 });
  await eventually(() => relay.readiness.ready);
  const [first, second] = [gate(), gate()];
  sink.beforeDurable = async (records) => {
    const keys = records.map(({ key }) => key);
    if (keys.includes('1')) await first.opened;
    if (keys.includes('2')) await second.opened;
  };
  await database.query('INSERT INTO items VALUES (1)');
  // In a write of its own: the second one must not ride along.
  await eventually(() => sink.waiting === 1);
  await database.query('INSERT INTO items VALUES (2)');
  await eventually(() => relay.status.outstanding_transactions === 2);
  const noise_lsn = await makeNoise(fixture);
  await eventually(() => parseLsn(relay.status.received_lsn) >= noise_lsn);
  // The checkpoint queues behind the write of the first insert.
  if (when === 'the keep-alive is confirmed') await database.query('SELECT pg_sleep(1.5)');
  first.open();
  if (when === 'the keep-alive is confirmed')
    await eventually(async () => (await confirmed(fixture)) >= noise_lsn, { within_ms: 5_000 });
  await eventually(() => ids(fixture).includes(1) && sink.waiting === 1);
  second.fail(new Error('the power is gone'));
  await expect(relay.done).rejects.toThrow('the power is gone');
  sink.beforeDurable = () => {};
  fixture.start();
  await database.query('INSERT INTO items VALUES (3)');
  await eventually(() => ids(fixture).includes(3));
  return ids(fixture);
}

function confirmAtOnce(this: ConfirmedPosition, wal_end: Lsn): void {
  this.durable(0, wal_end);
}

const ids = (fixture: CdcFixture): number[] =>
  fixture.changes(items).flatMap(({ op, after }) => (op === 'c' ? [Number(after?.['id'])] : []));

async function makeNoise({ database }: CdcFixture): Promise<Lsn> {
  for (let i = 0; i < 5; i++) await database.query('INSERT INTO noise SELECT generate_series(1, 100)');
  const [row] = await database.query('SELECT pg_current_wal_lsn()::text AS lsn');
  return parseLsn(String(row?.['lsn']));
}

async function currentLsn({ database }: CdcFixture): Promise<Lsn> {
  const [row] = await database.query('SELECT pg_current_wal_lsn()::text AS lsn');
  return parseLsn(String(row?.['lsn']));
}

async function confirmed({ database, slot }: CdcFixture): Promise<Lsn> {
  const [row] = await database.query(
    'SELECT confirmed_flush_lsn::text AS lsn FROM pg_replication_slots WHERE slot_name = $1',
    [slot],
  );
  return parseLsn(String(row?.['lsn']));
}

async function walsender({ database, slot }: CdcFixture): Promise<unknown> {
  const [row] = await database.query('SELECT active_pid FROM pg_replication_slots WHERE slot_name = $1', [slot]);
  return row?.['active_pid'];
}

interface Gate {
  readonly opened: Promise<void>;
  open(): void;
  fail(error: Error): void;
}

function gate(): Gate {
  let open = () => {};
  let fail: (error: Error) => void = () => {};
  const opened = new Promise<void>((resolve, reject) => {
    open = resolve;
    fail = reject;
  });
  opened.catch(() => {});
  return { opened, open: () => open(), fail: (error) => fail(error) };
}
