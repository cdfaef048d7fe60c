import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import { decodeJson, type Topic } from '@nerveline/contracts';
import { openLog, type Log } from '@nerveline/log';
import { startService, type RunningService } from '@nerveline/service-defaults';
import {
  createDatabase,
  createTempDirectory,
  createTestKeys,
  eventually,
  freePort,
  startProgram,
  type TestDatabase,
  type TestProgram,
} from '@nerveline/testing';
import { Agent } from 'undici';
import type { z } from 'zod';
import { migrate } from '../../apps/inventory-sync/src/adapters/postgres/migrations';
import { takeFromLog } from '../../apps/inventory-sync/src/adapters/log/take-from-log';
import { InventorySyncModule } from '../../apps/inventory-sync/src/inventory-sync.module';
import { readInventorySettings } from '../../apps/inventory-sync/src/inventory.config';

export interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

export interface InventoryClient {
  post(path: string, body?: object, token?: string): Promise<Answer>;
  get(path: string): Promise<Answer>;
  /** Reserves one line; the key is a new one unless given. */
  reserve(line: { sku: string; quantity: number; location_id?: string }, more?: object): Promise<Answer>;
  receive(sku: string, quantity: number, location_id?: string): Promise<Answer>;
  close(): Promise<void>;
}

/** Speaks HTTP to a running inventory-sync, over as many connections as there are requests. */
export function inventoryClient(address: string, token: string): InventoryClient {
  const agent = new Agent({ connections: 256, pipelining: 1, headersTimeout: 30_000 });
  const call = async (method: 'GET' | 'POST', path: string, body?: object, other = token): Promise<Answer> => {
    const answer = await agent.request({
      origin: address,
      path,
      method,
      headers: { authorization: `Bearer ${other}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: answer.statusCode, body: (await answer.body.json()) as Record<string, unknown> };
  };
  const post: InventoryClient['post'] = (path, body, other) => call('POST', path, body, other);
  return {
    post,
    get: (path) => call('GET', path),
    reserve: ({ sku, quantity, location_id = 'B1' }, more) =>
      post('/v1/reservations', reservationOf([{ sku, quantity, location_id }], more)),
    receive: (sku, quantity, location_id = 'B1') =>
      post('/v1/stock/movements', {
        idempotency_key: randomUUID(),
        kind: 'receipt',
        sku,
        location_id,
        quantity,
        reason: 'delivery',
      }),
    close: () => agent.close(),
  };
}

export const reservationOf = (lines: object[], more: object = {}) => ({
  idempotency_key: randomUUID(),
  channel_id: 'web',
  holder: 'cart-1',
  lines,
  ttl_ms: 60_000,
  ...more,
});

export interface InventoryOptions {
  readonly skus?: readonly string[];
  /** Endpoints by channel; one channel `web` without an endpoint when absent. */
  readonly channels?: Readonly<Record<string, string | null>>;
  readonly environment?: Readonly<Record<string, string>>;
}

/** A database with products, locations B1 and B2 and channels, and inventory-sync on it, in this process. */
export async function openInventory(options: InventoryOptions = {}) {
  const resources = new Resources();
  try {
    const database = resources.use(await createInventoryDatabase(options));
    const keys = resources.use(await createTestKeys());
    const directory = resources.use(await createTempDirectory());
    const settings = readInventorySettings({
      NERVELINE_DATA_DIR: directory.path,
      NERVELINE_JWKS: keys.jwks,
      DATABASE_URL: database.url,
      LOG_LEVEL: 'fatal',
      ...options.environment,
    });
    const start = () =>
      startService({
        service: 'inventory-sync',
        module: InventorySyncModule.with({ settings }),
        settings,
        prepare: takeFromLog,
      });
    let service: RunningService = await start();
    resources.defer(() => service.stop());
    const token = await keys.token({ subject: 'shop-1' });
    const client = inventoryClient(service.address, token);
    resources.defer(() => client.close());
    return {
      database,
      keys,
      data_directory: directory.path,
      client,
      token,
      service: () => service,
      restart: async () => {
        await service.stop();
        service = await start();
        return inventoryClient(service.address, token);
      },
      [Symbol.asyncDispose]: () => resources[Symbol.asyncDispose](),
    };
  } catch (error) {
    await resources[Symbol.asyncDispose]();
    throw error;
  }
}

/** A program of ours in a process of its own, that listens. */
export interface RunningProgram extends AsyncDisposable {
  readonly address: string;
  readonly program: TestProgram;
}

/** Starts `apps/APP` as a process, and resolves when it is ready. */
export async function startApp(app: string, environment: Readonly<Record<string, string>>): Promise<RunningProgram> {
  const port = await freePort();
  const address = `http://127.0.0.1:${port}`;
  const program = startProgram(resolve(`apps/${app}/src/main.ts`), [], {
    environment: { LOG_LEVEL: 'fatal', ...environment, PORT: String(port) },
  });
  try {
    const died = program.ended.then((how) => Promise.reject(new Error(`${app} ended with ${how}`)));
    const ready = eventually(async () => (await fetch(`${address}/health/ready`)).ok, { within_ms: 30_000, what: app });
    await Promise.race([ready, died]);
  } catch (error) {
    await program[Symbol.asyncDispose]();
    throw error;
  }
  return { address, program, [Symbol.asyncDispose]: () => program[Symbol.asyncDispose]() };
}

/** PostgreSQL, the relay and inventory-sync, each as in production: a process of its own. */
export async function openInventoryPlatform(options: InventoryOptions = {}) {
  const resources = new Resources();
  try {
    const database = resources.use(await createInventoryDatabase(options));
    const keys = resources.use(await createTestKeys());
    const directory = resources.use(await createTempDirectory());
    const environment = {
      NERVELINE_DATA_DIR: directory.path,
      NERVELINE_JWKS: keys.jwks,
      DATABASE_URL: database.url,
      RELAY_TABLES: RELAY_TABLES.join(','),
      ...options.environment,
    };
    resources.use(await startApp('cdc-relay', environment));
    let inventory = await startApp('inventory-sync', environment);
    resources.defer(() => inventory[Symbol.asyncDispose]());
    const token = await keys.token({ subject: 'shop-1' });
    let client = inventoryClient(inventory.address, token);
    resources.defer(() => client.close());
    const log = await openLog({ service: 'test-reader', data_directory: directory.path });
    resources.defer(() => log.close());
    return {
      database,
      keys,
      log,
      environment,
      token,
      client: () => client,
      /** Ends inventory-sync as a power cut would, and starts it again. */
      killAndRestart: async () => {
        inventory.program.kill('SIGKILL');
        await inventory.program.ended;
        inventory = await startApp('inventory-sync', environment);
        await client.close();
        client = inventoryClient(inventory.address, token);
      },
      [Symbol.asyncDispose]: () => resources[Symbol.asyncDispose](),
    };
  } catch (error) {
    await resources[Symbol.asyncDispose]();
    throw error;
  }
}

export const RELAY_TABLES = [
  'platform.event_clock',
  ...['products', 'locations', 'channels', 'stock_levels', 'reservations', 'reservation_refusals', 'stock_ledger'].map(
    (t) => `inventory.${t}`,
  ),
];

/** Every value of a topic, in the order of its partitions. */
export async function readTopic<Schema extends z.ZodType>(log: Log, topic: Topic<Schema>): Promise<z.output<Schema>[]> {
  const values: z.output<Schema>[] = [];
  for (let partition = 0; partition < topic.partitions; partition += 1) {
    const { start_offset, next_offset } = await log.tail(topic.name, partition);
    for (let from = start_offset; from < next_offset;) {
      const batch = await log.read({ topic: topic.name, partition, from });
      for (const { value } of batch.records) if (value !== null) values.push(decodeJson(topic, value));
      from = batch.next_offset;
    }
  }
  return values;
}

/** The tables with what a shop begins with. */
export async function createInventoryDatabase({
  skus = ['A-17'],
  channels = { web: null },
}: InventoryOptions = {}): Promise<TestDatabase> {
  const database = await createDatabase();
  await migrate(database.url);
  await database.query(
    `INSERT INTO inventory.products SELECT 'demo', sku, 'Product ' || sku, 999, 'EUR' FROM unnest($1::text[]) sku`,
    [skus],
  );
  await database.query(`INSERT INTO inventory.locations VALUES ('demo', 'B1', 'Shop'), ('demo', 'B2', 'Warehouse')`);
  for (const [channel_id, endpoint_url] of Object.entries(channels)) {
    await database.query(`INSERT INTO inventory.channels VALUES ('demo', $1, $1, $2)`, [channel_id, endpoint_url]);
  }
  return database;
}

/** What the books must always say of themselves; each row that comes back breaks a promise. */
export async function brokenPromises(database: TestDatabase): Promise<Record<string, unknown>[]> {
  return database.query(`
    WITH fold AS (
      SELECT tenant_id, sku, location_id, sum(on_hand_delta) AS on_hand, sum(reserved_delta) AS reserved
      FROM inventory.stock_ledger GROUP BY 1, 2, 3
    ), held AS (
      SELECT l.tenant_id, l.sku, l.location_id, sum(l.quantity) AS units
      FROM inventory.reservation_lines l JOIN inventory.reservations r USING (tenant_id, reservation_id)
      WHERE r.status = 'held' GROUP BY 1, 2, 3
    )
    SELECT 'levels differ from the fold of the ledger' AS promise, s.sku, s.location_id, s.on_hand, s.reserved
    FROM inventory.stock_levels s FULL JOIN fold f USING (tenant_id, sku, location_id)
    WHERE (s.on_hand, s.reserved) IS DISTINCT FROM (f.on_hand::integer, f.reserved::integer)
    UNION ALL
    SELECT 'reserved is not the sum of live holds', s.sku, s.location_id, s.on_hand, s.reserved
    FROM inventory.stock_levels s LEFT JOIN held h USING (tenant_id, sku, location_id)
    WHERE s.reserved <> coalesce(h.units, 0)
    UNION ALL
    SELECT 'oversold', sku, location_id, on_hand, reserved FROM inventory.stock_levels
    WHERE reserved > on_hand OR reserved < 0
    UNION ALL
    SELECT 'the ledger has a gap', sku, NULL, max(entry), count(*)::integer
    FROM inventory.stock_ledger GROUP BY tenant_id, sku HAVING max(entry) <> count(*)
    UNION ALL
    SELECT 'the head is not the last entry', h.sku, NULL, h.last_entry, NULL FROM inventory.ledger_heads h
    WHERE h.last_entry <> (SELECT coalesce(max(entry), 0) FROM inventory.stock_ledger l
                           WHERE (l.tenant_id, l.sku) = (h.tenant_id, h.sku))`);
}

/** Node 20 has the symbol but not the class. */
class Resources implements AsyncDisposable {
  readonly #actions: (() => unknown)[] = [];

  use<T extends AsyncDisposable>(resource: T): T {
    this.defer(() => resource[Symbol.asyncDispose]());
    return resource;
  }

  defer(action: () => unknown): void {
    this.#actions.push(action);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const action of this.#actions.splice(0).toReversed()) await action();
  }
}
