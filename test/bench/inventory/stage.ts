import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { channelStockUpdate } from '@nerveline/contracts';
import { createTempDirectory, createTestKeys, eventually, freePort, startPostgres } from '@nerveline/testing';
import { Client } from 'pg';
import { Pool } from 'undici';

export interface Stage extends AsyncDisposable {
  readonly sql: Client;
  readonly http: Pool;
  readonly headers: Readonly<Record<string, string>>;
  /** When a channel was told this of a SKU, by `channel/sku/available`, performance.now(). */
  readonly told_ms: ReadonlyMap<string, number>;
  /** Processor time that inventory-sync has used so far. */
  cpuSeconds(): Promise<number>;
}

export const CHANNELS = ['web', 'market', 'store'];

/** PostgreSQL, the relay, inventory-sync, each a process, and three channels in this one. */
export async function openStage(skus: number, http_connections: number): Promise<Stage> {
  const postgres = await startPostgres();
  const keys = await createTestKeys();
  const directory = await createTempDirectory();
  const environment = {
    ...process.env,
    DATABASE_URL: postgres.url,
    NERVELINE_DATA_DIR: directory.path,
    NERVELINE_JWKS: keys.jwks,
    LOG_LEVEL: 'error',
    RELAY_TABLES: ['products', 'channels', 'stock_levels', 'reservations', 'reservation_refusals', 'stock_ledger']
      .map((table) => `inventory.${table}`)
      .join(','),
  };
  await once(fork(resolve('dist/apps/inventory-sync/src/migrate.js'), { env: environment }), 'exit');
  const sql = new Client({ connectionString: postgres.url });
  await sql.connect();
  const told_ms = new Map<string, number>();
  const channels = await Promise.all(CHANNELS.map((channel) => openChannel(channel, told_ms)));
  await seed(sql, skus, channels);
  const relay = await startService('cdc-relay', environment);
  const inventory = await startService('inventory-sync', environment);
  const http = new Pool(inventory.address, { connections: http_connections, pipelining: 1, headersTimeout: 60_000 });
  const headers = { authorization: `Bearer ${await keys.token()}`, 'content-type': 'application/json' };
  return {
    sql,
    http,
    headers,
    told_ms,
    cpuSeconds: async () => {
      const text = await (await fetch(`${inventory.address}/metrics`)).text();
      return Number(/^process_cpu_seconds_total ([\d.]+)/m.exec(text)?.[1]);
    },
    [Symbol.asyncDispose]: async () => {
      await http.close();
      for (const { child } of [inventory, relay]) await end(child);
      for (const { server } of channels) {
        server.closeAllConnections();
        server.close();
      }
      await sql.end();
      await postgres[Symbol.asyncDispose]();
      await directory[Symbol.asyncDispose]();
      await keys[Symbol.asyncDispose]();
    },
  };
}

async function startService(app: string, environment: NodeJS.ProcessEnv) {
  const port = await freePort();
  const child = fork(resolve(`dist/apps/${app}/src/main.js`), { env: { ...environment, PORT: String(port) } });
  const address = `http://127.0.0.1:${port}`;
  await eventually(async () => (await fetch(`${address}/health/ready`)).ok, { within_ms: 30_000, what: app });
  return { child, address };
}

async function end(child: ChildProcess): Promise<void> {
  child.kill('SIGTERM');
  if (child.exitCode === null) await once(child, 'exit');
}

async function openChannel(channel_id: string, told_ms: Map<string, number>) {
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += String(chunk)));
    request.on('end', () => {
      const now_ms = performance.now();
      for (const { sku, available } of channelStockUpdate.parse(JSON.parse(body)).items) {
        told_ms.set(`${channel_id}/${sku}/${available}`, now_ms);
      }
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  return { channel_id, server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` };
}

async function seed(sql: Client, skus: number, channels: readonly { channel_id: string; url: string }[]) {
  await sql.query(
    `INSERT INTO inventory.products
    SELECT 'demo', 'S-' || n, 'Product ' || n, 999, 'EUR' FROM generate_series(1, $1::int) n`,
    [skus],
  );
  await sql.query(`INSERT INTO inventory.locations VALUES ('demo', 'B1', 'Shop')`);
  for (const { channel_id, url } of channels) {
    await sql.query(`INSERT INTO inventory.channels VALUES ('demo', $1, $1, $2)`, [channel_id, url]);
  }
}
