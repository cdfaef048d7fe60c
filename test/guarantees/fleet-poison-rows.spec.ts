import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { topics } from '@nerveline/contracts';
import { openLog, readDeadLetters } from '@nerveline/log';
import { ensureKeys, signToken } from '@nerveline/service-defaults';
import {
  createDatabase,
  createTempDirectory,
  eventually,
  freePort,
  startProgram,
  stopOwnPostgres,
} from '@nerveline/testing';
import { startFleetProcess } from '../integration/fleet-process';
import { untilKnown } from '../integration/fleet-rows';

const APPS = join(__dirname, '../../apps');
const HERE = { lat: 49.4905, lon: 8.43 };
/** PostgreSQL takes it for a printable character, the schema of the topic doesn't. */
const ZERO_WIDTH_SPACE = '\u200b';

afterAll(stopOwnPostgres);

/** The way of a row: a real PostgreSQL and the relay, and a place for the service. */
async function openSource() {
  const database = await createDatabase();
  const directory = await createTempDirectory();
  const { jwks, private_key } = await ensureKeys(join(directory.path, 'keys'));
  const dispatcher = {
    tenant_id: 'demo',
    subject: 'dispatcher',
    roles: ['operator'],
    scopes: ['positions:write', 'fleet:read', 'fleet:write', 'ops:read', 'ops:write'],
  } as const;
  const environment = {
    DATABASE_URL: database.url,
    NERVELINE_DATA_DIR: directory.path,
    NERVELINE_JWKS: jwks,
    LOG_LEVEL: 'fatal',
    RELAY_SLOT: `slot_${new URL(database.url).pathname.slice(1)}`,
    RELAY_TABLES: 'fleet.vehicles,fleet.drivers,fleet.orders,platform.event_clock',
    PORT: String(await freePort()),
  };
  const migrated = startProgram(join(APPS, 'gps-rerouting/src/migrate.ts'), [], { environment });
  if ((await migrated.ended) !== 0) throw new Error('the migrations failed');
  // As a table that an earlier version made: its check holds for no row of before.
  await database.query('ALTER TABLE platform.event_clock DROP CONSTRAINT a_clock_can_be_read');
  const relay = startProgram(join(APPS, 'cdc-relay/src/main.ts'), [], { environment });
  return {
    database,
    data_directory: directory.path,
    place: {
      data_directory: directory.path,
      keys: { jwks, token: () => signToken(private_key, dispatcher, '5m') },
    },
    [Symbol.asyncDispose]: async () => {
      await relay[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
      await directory[Symbol.asyncDispose]();
    },
  };
}

type Source = Awaited<ReturnType<typeof openSource>>;

async function deadLetters({ data_directory }: Source) {
  const log = await openLog({ service: 'a-reader', data_directory });
  try {
    return await readDeadLetters(log, topics.fleetDeadLetters.name);
  } finally {
    await log.close();
  }
}

const dlq = async ({ data_directory }: Source, ...words: string[]): Promise<string> => {
  const parameters = [resolve('apps/cli/src/main.ts'), 'dlq', ...words, '--data', data_directory];
  return (await promisify(execFile)(process.execPath, parameters)).stdout;
};

test('a row that the schema refuses becomes a dead letter with its code and its place in the source, and all others are taken', async () => {
  await using source = await openSource();
  const { database } = source;
  const vehicle = (id: string) =>
    database.query(`INSERT INTO fleet.vehicles VALUES ('demo', $1, 'north', NULL, 'Van')`, [id]);
  const clock = (of: string, event_ms: number, speed: number) =>
    database.query(`INSERT INTO platform.event_clock VALUES ('demo', $1, $2, $3, $4)`, [
      ...[of, event_ms, Date.now(), speed],
    ]);
  await vehicle('V-1');
  await using service = await startFleetProcess(source.place);
  const is_ready = async () => (await fetch(`${service.address}/health/ready`)).status === 200;
  const takes = async (vehicle_id: string, event_ms: number) => {
    const { status } = await service.post('/v1/positions', { fixes: [{ vehicle_id, ...HERE, event_ms }] });
    return status === 200;
  };
  await untilKnown(service.address, 1);
  expect(await takes('V-1', Date.now())).toBe(true);

  await vehicle(`V-${ZERO_WIDTH_SPACE}2`);
  await clock('nobody', 0, 1);
  await clock('payments', -1, 0);
  await vehicle('V-3');
  const then_ms = Date.UTC(2018, 3, 1);
  await clock('fleet', then_ms, 1);
  await untilKnown(service.address, 2);
  await eventually(() => takes('V-3', then_ms), { what: 'the clock of 2018' });
  expect(await is_ready()).toBe(true);

  const letters = await eventually(async () => {
    const found = await deadLetters(source);
    return found.length === 3 ? found : undefined;
  });
  expect(letters.map(({ topic }) => topic).sort()).toEqual([
    ...[topics.vehicles.name, topics.eventClock.name, topics.eventClock.name],
  ]);
  for (const { failure, headers } of letters) {
    expect(failure?.code).toBe('NL-LOG-011');
    expect(headers['source_position']).toMatch(/^\d+:\d+:[0-9A-F]+\/[0-9A-F]+:\d+$/);
  }
  const list = await dlq(source, 'list', '--topic', topics.vehicles.name);
  expect(list).toContain('NL-LOG-011');

  // Deleted again: neither its row nor its end says anything about a vehicle of ours.
  await database.query(`DELETE FROM fleet.vehicles WHERE vehicle_id = $1`, [`V-${ZERO_WIDTH_SPACE}2`]);
  await vehicle('V-4');
  await untilKnown(service.address, 3);
  expect(await is_ready()).toBe(true);

  // A start meets the same rows in the log again.
  await service.kill();
  await using again = await startFleetProcess(source.place);
  await untilKnown(again.address, 3);
  expect(
    (await again.post('/v1/positions', { fixes: [{ vehicle_id: 'V-4', ...HERE, event_ms: then_ms }] })).status,
  ).toBe(200);
  expect(await dlq(source, 'discard', '--topic', topics.eventClock.name)).toContain('2 of 2 discarded');
}, 180_000);
