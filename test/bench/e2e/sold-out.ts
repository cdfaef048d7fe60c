import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { channelStockUpdate } from '@nerveline/contracts';
import { eventually, type TestPlatform } from '@nerveline/testing';
import { Client } from 'pg';
import { wallMs } from './wall-clock';

const CHANNELS = ['bench-web', 'bench-market', 'bench-store'] as const;
const SALES_PER_S = 10;
const ARRIVAL_DEADLINE_MS = 20_000;

/**
 * Three sales channels that remember when they were told that a SKU is available, and sold out after that: a product
 * without stock is told sold out before its first unit comes in.
 */
class Channels {
  readonly #told = new Map<string, number>();

  take(channel_id: string, text: string): void {
    const now_ms = wallMs();
    for (const { sku, sold_out } of channelStockUpdate.parse(JSON.parse(text)).items) {
      if (sold_out && !this.#told.has(`${channel_id} ${sku} available`)) continue;
      const key = `${channel_id} ${sku} ${sold_out ? 'sold out' : 'available'}`;
      if (!this.#told.has(key)) this.#told.set(key, now_ms);
    }
  }

  /** When the last of the channels heard it; undefined while one hasn't. */
  allTold(sku: string, what: 'sold out' | 'available'): number | undefined {
    const times = CHANNELS.map((channel_id) => this.#told.get(`${channel_id} ${sku} ${what}`));
    return times.every((time) => time !== undefined) ? Math.max(...times) : undefined;
  }
}

/**
 * Sells the last unit of many SKUs, and measures from the buyer's request to the last channel that heard of it: its answer
 * is no beginning, since channels hear of the sale as soon as it is committed, often before the buyer.
 */
export async function measureSoldOut(platform: TestPlatform, sales: number): Promise<readonly number[]> {
  const channels = new Channels();
  const server = createServer((request, response) => {
    void bodyOf(request).then((text) => {
      channels.take(request.url?.split('/')[1] ?? '', text);
      response.setHeader('content-type', 'application/json').end('{}');
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const skus = Array.from({ length: sales }, (_, i) => `BENCH-${i}`);
  try {
    await stockOneEach(platform, skus, (server.address() as AddressInfo).port);
    await eventually(() => skus.every((sku) => channels.allTold(sku, 'available') !== undefined), {
      within_ms: ARRIVAL_DEADLINE_MS,
    });
    return await sellAll(platform, skus, channels);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

async function sellAll(platform: TestPlatform, skus: readonly string[], channels: Channels): Promise<number[]> {
  const asked_ms = new Map<string, number>();
  for (const sku of skus) {
    const lines = [{ sku, location_id: 'BENCH', quantity: 1 }];
    const request = {
      idempotency_key: `sell-${sku}`,
      channel_id: CHANNELS[0],
      holder: 'bench',
      lines,
      ttl_ms: 600_000,
    };
    asked_ms.set(sku, wallMs());
    const { status, body } = await platform.post('inventory-sync', '/v1/reservations', request);
    if (status >= 300 || (body as { kind: string }).kind !== 'granted')
      throw new Error(`not granted: ${JSON.stringify(body)}`);
    await wait(1_000 / SALES_PER_S);
  }
  await eventually(() => skus.every((sku) => channels.allTold(sku, 'sold out') !== undefined), {
    within_ms: ARRIVAL_DEADLINE_MS,
  });
  return skus.map((sku) => (channels.allTold(sku, 'sold out') ?? Number.NaN) - (asked_ms.get(sku) ?? Number.NaN));
}

async function stockOneEach(platform: TestPlatform, skus: readonly string[], port: number): Promise<void> {
  const client = new Client({ connectionString: platform.database_url });
  await client.connect();
  await client.query(
    "INSERT INTO inventory.locations (tenant_id, location_id, name) VALUES ('demo', 'BENCH', 'Bench')",
  );
  for (const channel_id of CHANNELS) {
    await client.query(
      "INSERT INTO inventory.channels (tenant_id, channel_id, name, endpoint_url) VALUES ('demo', $1, $1, $2)",
      [channel_id, `http://127.0.0.1:${port}/${channel_id}`],
    );
  }
  await client.query(
    "INSERT INTO inventory.products (tenant_id, sku, name, price_minor, currency) SELECT 'demo', sku, 'Bench', 100, 'EUR' FROM unnest($1::text[]) AS sku",
    [skus],
  );
  await client.end();
  for (const sku of skus) {
    const movement = {
      idempotency_key: `stock-${sku}`,
      kind: 'receipt',
      sku,
      location_id: 'BENCH',
      quantity: 1,
      reason: 'bench',
    };
    const { status, body } = await platform.post('inventory-sync', '/v1/stock/movements', movement);
    if (status >= 300) throw new Error(`no stock: ${JSON.stringify(body)}`);
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
