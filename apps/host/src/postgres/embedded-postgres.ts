import { Client } from 'pg';
import type { Program } from '../supervisor/program';
import { postgresConsoleLine } from '../supervisor/log-line';
import { type Cluster, POSTGRES_USER } from './create-cluster';

const DATABASE = 'nerveline';

/** Small enough for a laptop, and everything that change capture needs. */
const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  wal_level: 'logical',
  max_replication_slots: '16',
  max_wal_senders: '16',
  max_connections: '100',
  // A relay that is gone for good must not fill the disk: beyond this the slot is given up, which the relay reports.
  max_slot_wal_keep_size: '4GB',
  shared_buffers: '64MB',
  max_wal_size: '512MB',
  max_parallel_workers_per_gather: '0',
  max_worker_processes: '4',
  // Worker processes for reads pay with big disks and cost memory here.
  io_method: 'sync',
  jit: 'off',
  log_min_messages: 'warning',
  timezone: 'UTC',
  log_timezone: 'UTC',
};

/** The server as a program under supervision. */
export function postgresProgram(cluster: Cluster, port: number): Program {
  const { postgres, directory } = cluster;
  const settings = Object.entries(SETTINGS).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  return {
    name: 'postgres',
    needs: [],
    command: postgres.command,
    parameters: [...postgres.prefix, '-D', directory, '-p', String(port), ...settings],
    environment: {},
    account: postgres.options,
    stop_signal: 'SIGINT',
    address: `127.0.0.1:${port}`,
    look: async () => ((await accepts(urlOf(cluster, port, 'postgres'))) ? 'ready' : 'not ready'),
    toConsoleLine: postgresConsoleLine,
    vital: true,
  };
}

/** Makes the platform's database on the server, which runs, and gives its URL. */
export async function createDatabase(cluster: Cluster, port: number): Promise<string> {
  const client = new Client({ connectionString: urlOf(cluster, port, 'postgres') });
  await client.connect();
  try {
    const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [DATABASE]);
    if (found.rowCount === 0) await client.query(`CREATE DATABASE ${DATABASE}`);
  } finally {
    await client.end();
  }
  return urlOf(cluster, port, DATABASE);
}

async function accepts(url: string): Promise<boolean> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  // A server that stops while it answers breaks the connection a second time, after connect() has rejected.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

function urlOf(cluster: Cluster, port: number, database: string): string {
  return `postgres://${POSTGRES_USER}:${cluster.password}@127.0.0.1:${port}/${database}`;
}
