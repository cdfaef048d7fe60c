import { randomUUID } from 'node:crypto';
import { startService, type RunningService } from '@nerveline/service-defaults';
import { createDatabase, createTempDirectory, createTestKeys, type TestDatabase } from '@nerveline/testing';
import { Agent } from 'undici';
import { migrate } from '../../apps/inventory-sync/src/adapters/postgres/migrations';
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
      startService({ service: 'inventory-sync', module: InventorySyncModule.with({ settings }), settings });
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
