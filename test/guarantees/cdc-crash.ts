import { join } from 'node:path';
import { parseChange, recordHeaders, topics, type ParsedChange } from '@nerveline/contracts';
import { compareSourcePositions, parseSourcePosition } from '@nerveline/kernel';
import type { Log, LogRecord } from '@nerveline/log';
import {
  createDatabase,
  createTestKeys,
  eventually,
  startProgram,
  type TestDatabase,
  type TestProgram,
} from '@nerveline/testing';
import { Client } from 'pg';
import type { LogPlace, OpenLogPlace } from './log-place';

const MAIN = join(__dirname, '../../apps/cdc-relay/src/main.ts');
const LEDGER = topics.stockLedger;
const SKUS = 8;
const ROWS_BEFORE = 60;

/** Where the relay is killed, and the hows of three kills one after the other. */
export const relayFaults: readonly (readonly [where: string, faults: readonly string[]])[] = [
  ['before it appends', ['before_append:1', 'before_append:3', 'before_append:7']],
  ['after it appended, before anything is confirmed', ['after_append:1', 'after_append:4', 'after_append:9']],
  [
    'between the progress that it wrote and its confirmation',
    ['before_confirm:1', 'before_confirm:1', 'before_confirm:2'],
  ],
  ['inside a snapshot chunk', ['in_snapshot_chunk:1', 'in_snapshot_chunk:3', 'in_snapshot_chunk:2']],
];

/** Promises 1 and 2: the relay process is killed with -9 where it hurts; nothing is lost, nothing is there twice. */
export function describeRelayCrashes(openPlace: OpenLogPlace, faults = relayFaults): void {
  describe('a relay that is killed', () => {
    it.each(faults)(
      '%s loses nothing and writes nothing twice',
      async (_where, kills) => {
        await using place = await openPlace();
        await using world = await createWorld(place);
        await world.insert(ROWS_BEFORE);
        const writer = world.keepInserting();
        for (const fault of kills) {
          await using relay = world.startRelay({ RELAY_FAULT: fault });
          expect(await relay.ended).toBe('SIGKILL');
        }
        await using relay = world.startRelay({});
        const committed = await writer.stop();
        const records = await world.recordsOnceThereAre(committed);
        expectEveryRowInOrder(records, committed);
        expectPositionsToIncrease(records);
        // All of it may have been there before this relay had even begun: a stop is asked of one that streams.
        await world.streaming();
        relay.kill('SIGTERM');
        expect(await relay.ended).toBe(0);
      },
      120_000,
    );
  });
}

interface World extends AsyncDisposable {
  /** Resolves when a relay holds the slot. */
  streaming(): Promise<true>;
  /** Inserts ledger rows, entries gapless by SKU. */
  insert(rows: number): Promise<void>;
  /** Small transactions, one after the other, until it is stopped; gives the number of all rows by SKU. */
  keepInserting(): { stop(): Promise<Map<string, number>> };
  startRelay(faults: Record<string, string>): TestProgram;
  recordsOnceThereAre(committed: ReadonlyMap<string, number>): Promise<LogRecord[]>;
}

async function createWorld(place: LogPlace): Promise<World> {
  const database = await createDatabase();
  const keys = await createTestKeys();
  const client = await connect(database);
  let log: Log | undefined;
  await client.query(`CREATE SCHEMA inventory; CREATE TABLE inventory.stock_ledger (
    tenant_id text, sku text, entry bigint, delta int, PRIMARY KEY (tenant_id, sku, entry))`);
  const entries = new Map<string, number>();
  let turn = 0;
  const insert = async (rows: number): Promise<void> => {
    const added = Array.from({ length: rows }, () => {
      const sku = `sku-${turn++ % SKUS}`;
      entries.set(sku, (entries.get(sku) ?? 0) + 1);
      return `('demo', '${sku}', ${entries.get(sku)}, 1)`;
    });
    await client.query(`INSERT INTO inventory.stock_ledger VALUES ${added.join(', ')}`);
  };
  return {
    streaming: () =>
      eventually(
        async () =>
          (await database.query('SELECT 1 FROM pg_replication_slots WHERE database = current_database() AND active'))
            .length > 0,
        { within_ms: 30_000, what: 'a relay that streams' },
      ),
    insert,
    keepInserting: () => {
      let stopped = false;
      const running = (async () => {
        for (let i = 0; !stopped; i++) {
          await insert(1 + (i % 5));
          // About as fast as a shop; the machine is shared.
          await client.query('SELECT pg_sleep(0.01)');
        }
      })();
      return { stop: () => ((stopped = true), running.then(() => entries)) };
    },
    startRelay: (faults) =>
      startProgram(MAIN, [], {
        environment: {
          DATABASE_URL: database.url,
          ...place.environment,
          NERVELINE_JWKS: keys.jwks,
          LOG_LEVEL: 'error',
          RELAY_TABLES: 'inventory.stock_ledger',
          RELAY_SLOT: `slot_${new URL(database.url).pathname.slice(1)}`,
          RELAY_SNAPSHOT_CHUNK_ROWS: '20',
          RELAY_CONFIRM_INTERVAL_MS: '20',
          ...faults,
        },
      }),
    recordsOnceThereAre: async (committed) => {
      log = await place.open('test-reader');
      const reader = log;
      return eventually(
        async () => {
          const rows = [...committed.values()].reduce((sum, last) => sum + last, 0);
          // Looking at the tails costs nothing; the records are read when there can be enough of them.
          if ((await recordCount(reader)) < rows) return false;
          const records = await readAll(reader);
          const keys = new Set(records.map(({ key }) => Buffer.from(key ?? []).toString()));
          return keys.size >= rows && records;
        },
        { within_ms: 60_000, what: 'every row in the log' },
      );
    },
    [Symbol.asyncDispose]: async () => {
      await log?.close();
      await client.end();
      for (const resource of [keys, database]) await resource[Symbol.asyncDispose]();
    },
  };
}

function expectEveryRowInOrder(records: readonly LogRecord[], committed: ReadonlyMap<string, number>): void {
  const changes = records.flatMap(({ value }) => (value === null ? [] : [parseChange(value)]));
  for (const [sku, last] of committed) {
    const own = changes.filter(({ after }) => after?.['sku'] === sku);
    const expected = Array.from({ length: last }, (_, i) => i + 1);
    // What the stream brought is there once. A row that was inserted while a snapshot had been interrupted comes once
    // more as a reading of the whole table: `r` says what is, never that something happened.
    const streamed = own.filter(({ op }) => op === 'c').map(entryOf);
    expect(streamed).toEqual([...new Set(streamed)].sort((a, b) => a - b));
    const read = own.filter(({ op }) => op === 'r').map(entryOf);
    expect(new Set(read).size).toBe(read.length);
    expect([...new Set([...read, ...streamed])].sort((a, b) => a - b)).toEqual(expected);
  }
}

/** No position is there twice or out of order, in any partition: promise 2. */
function expectPositionsToIncrease(records: readonly LogRecord[]): void {
  for (let partition = 0; partition < LEDGER.partitions; partition++) {
    const positions = records
      .filter((record) => record.partition === partition)
      .map(({ headers }) => parseSourcePosition(headers[recordHeaders.source_position] ?? ''));
    for (const [i, position] of positions.entries()) {
      const previous = positions[i - 1];
      if (previous !== undefined) expect(compareSourcePositions(previous, position)).toBeLessThan(0);
    }
  }
}

const entryOf = ({ after }: ParsedChange): number => Number(after?.['entry']);

async function recordCount(log: Log): Promise<number> {
  let count = 0;
  for (let partition = 0; partition < LEDGER.partitions; partition++) {
    count += (await log.tail(LEDGER.name, partition)).next_offset;
  }
  return count;
}

async function readAll(log: Log): Promise<LogRecord[]> {
  const records: LogRecord[] = [];
  for (let partition = 0; partition < LEDGER.partitions; partition++) {
    const { start_offset, next_offset } = await log.tail(LEDGER.name, partition);
    for (let from = start_offset; from < next_offset;) {
      const batch = await log.read({ topic: LEDGER.name, partition, from });
      records.push(...batch.records.map(copied));
      from = batch.next_offset;
    }
  }
  return records;
}

const copied = (record: LogRecord): LogRecord => ({
  ...record,
  key: record.key && Buffer.from(record.key),
  value: record.value && Buffer.from(record.value),
});

async function connect(database: TestDatabase): Promise<Client> {
  const client = new Client({ connectionString: database.url });
  await client.connect();
  return client;
}
