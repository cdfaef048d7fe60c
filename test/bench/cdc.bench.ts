import { ChangeRelay, decodeMessage, ResumePoint, TransactionEncoder } from '@nerveline/cdc';
import { sourceTables, topics } from '@nerveline/contracts';
import { lsn, systemClock } from '@nerveline/kernel';
import { openLog, partitionFor } from '@nerveline/log';
import { createDatabase, createTempDirectory, eventually, stopOwnPostgres } from '@nerveline/testing';
import { LogSink } from '../../apps/cdc-relay/src/adapters/log-sink';

const LEDGER = topics.stockLedger;
const TABLE = sourceTables.filter(({ topic }) => topic === LEDGER);
const DECODED_ROWS = 300_000;
const RELAYED_ROWS = 200_000;
const ROWS_PER_TRANSACTION = 10;
const COLUMNS = `tenant_id text, sku text, entry bigint, location_id text, kind text, on_hand_delta int,
  reserved_delta int, on_hand_after int, reserved_after int, reservation_id text, channel_id text, reason text,
  event_ms bigint, PRIMARY KEY (tenant_id, sku, entry)`;

/** Rows of the stock ledger: pgoutput bytes to records in memory, then PostgreSQL to the durable log, snapshot and stream. */
export async function run(): Promise<Record<string, unknown>> {
  try {
    return { ...measureDecoder(), ...(await measureRelay()) };
  } finally {
    await stopOwnPostgres();
  }
}

function measureDecoder(): Record<string, number> {
  const counted = { records: 0, bytes: 0 };
  const encoder = new TransactionEncoder({
    epoch: { system_id: '7300000000000000000', timeline: 1 },
    database: 'bench',
    tables: TABLE,
    partitionOf: partitionFor,
    resume: ResumePoint.empty(),
    clock: systemClock,
    receiver: {
      begin: () => {},
      end: () => {},
      push: (record) => {
        counted.records += 1;
        counted.bytes += record.value?.length ?? 0;
      },
    },
  });
  const insert = insertMessage();
  encoder.handle(decodeMessage(relationMessage()));
  const begun_ms = performance.now();
  for (let row = 0, at = 0x1000n; row < DECODED_ROWS; row += ROWS_PER_TRANSACTION, at += 0x100n) {
    encoder.handle({ kind: 'begin', commit_lsn: lsn(at), committed_us: 1_700_000_000_000_000n, xid: 7 });
    for (let i = 0; i < ROWS_PER_TRANSACTION; i++) encoder.handle(decodeMessage(insert));
    encoder.handle({
      kind: 'commit',
      commit_lsn: lsn(at),
      end_lsn: lsn(at + 8n),
      committed_us: 1_700_000_000_000_000n,
    });
  }
  const took_s = (performance.now() - begun_ms) / 1_000;
  return {
    decoder_rows_per_s: Math.round(DECODED_ROWS / took_s),
    row_bytes: insert.length,
    record_bytes: Math.round(counted.bytes / counted.records),
  };
}

async function measureRelay(): Promise<Record<string, number>> {
  await using database = await createDatabase();
  await using directory = await createTempDirectory();
  await database.query(`CREATE SCHEMA inventory; CREATE TABLE inventory.stock_ledger (${COLUMNS})`);
  const log = await openLog({ data_directory: directory.path, service: 'cdc-relay' });
  const start = () =>
    ChangeRelay.start({
      source_url: database.url,
      slot: new URL(database.url).pathname.slice(1),
      publication: 'bench',
      tables: TABLE,
      sink: new LogSink(log),
      partitionOf: partitionFor,
      max_backoff_ms: 100,
    });
  const rowsInLog = async () => {
    let rows = 0;
    for (let partition = 0; partition < LEDGER.partitions; partition++) {
      rows += (await log.tail(LEDGER.name, partition)).next_offset;
    }
    return rows;
  };
  const secondsUntil = async (rows: number) => {
    const begun_ms = performance.now();
    const relay = start();
    await eventually(async () => (await rowsInLog()) >= rows, { within_ms: 600_000 });
    const took_s = (performance.now() - begun_ms) / 1_000;
    await relay.stop();
    return took_s;
  };
  await database.query(fill('snapshot', RELAYED_ROWS));
  const snapshot_s = await secondsUntil(RELAYED_ROWS);
  await database.query(`DO $$ BEGIN FOR t IN 1..${RELAYED_ROWS / ROWS_PER_TRANSACTION} LOOP
    ${fill(`stream' || t || '`, ROWS_PER_TRANSACTION)}; COMMIT; END LOOP; END $$`);
  const stream_s = await secondsUntil(2 * RELAYED_ROWS);
  await log.close();
  return {
    snapshot_rows_per_s: Math.round(RELAYED_ROWS / snapshot_s),
    relay_rows_per_s: Math.round(RELAYED_ROWS / stream_s),
    rows_per_transaction: ROWS_PER_TRANSACTION,
  };
}

const fill = (sku: string, rows: number) => `INSERT INTO inventory.stock_ledger
  SELECT 'demo', '${sku}-' || n % 100, n, 'loc-1', 'receipt', 5, 0, 105, 3, NULL, 'channel-1', NULL, 1700000000000
    FROM generate_series(1, ${rows}) n`;

function relationMessage(): Buffer {
  const columns =
    COLUMNS.split(', PRIMARY KEY')[0]
      ?.split(',')
      .map((column) => column.trim().split(' ')) ?? [];
  const oids: Record<string, number> = { text: 25, bigint: 20, int: 23 };
  const parts = columns.flatMap(([name = '', type = '']) => {
    const tail = Buffer.alloc(8);
    tail.writeUInt32BE(oids[type] ?? 25, 0);
    tail.writeInt32BE(-1, 4);
    return [Buffer.from([['tenant_id', 'sku', 'entry'].includes(name) ? 1 : 0]), Buffer.from(`${name}\0`), tail];
  });
  const head = Buffer.from([0, 0, 0, 9]);
  const names = Buffer.from('inventory\0stock_ledger\0d');
  return Buffer.concat([Buffer.from('R'), head, names, Buffer.from([0, columns.length]), ...parts]);
}

function insertMessage(): Buffer {
  const values = [
    'demo',
    'sku-1234',
    '42',
    'loc-1',
    'receipt',
    '5',
    '0',
    '105',
    '3',
    null,
    'channel-1',
    null,
    '1700000000000',
  ];
  const columns = values.flatMap((value) => {
    if (value === null) return [Buffer.from('n')];
    const head = Buffer.from([0x74, 0, 0, 0, value.length]);
    return [head, Buffer.from(value)];
  });
  return Buffer.concat([
    Buffer.from('I'),
    Buffer.from([0, 0, 0, 9]),
    Buffer.from('N'),
    Buffer.from([0, values.length]),
    ...columns,
  ]);
}
