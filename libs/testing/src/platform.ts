import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { createTempDirectory } from './temp-directory';

const START_DEADLINE_MS = 120_000;
const STOP_DEADLINE_MS = 30_000;

/** What a test says to the door of a service. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** The whole platform as `npm start` runs it, in a data directory of its own. */
export interface TestPlatform extends AsyncDisposable {
  readonly dashboard_url: string;
  readonly data_directory: string;
  readonly database_url: string;
  /** All scopes, tenant `demo`. */
  readonly token: string;
  /** Address of a service: `http://127.0.0.1:4002`. */
  addressOf(service: string): string;
  /** Process id of a service now; another one after a restart. */
  pidOf(service: string): number | undefined;
  /** Process ids of everything that runs, the host included. */
  pids(): readonly number[];
  post(service: string, path: string, body: unknown): Promise<Answer>;
  get(service: string, path: string): Promise<Answer>;
  /** What the host has printed so far. */
  output(): string;
  /** Asks it to stop as Ctrl-C does, and resolves with its exit code. The data stay until the test ends. */
  stop(): Promise<number | null>;
  /** Kills the host, and nothing else, as a crash would: what it started goes on without it. */
  kill(): Promise<void>;
}

export interface PlatformOptions {
  /** Words for `npm start -- …`. */
  readonly words?: readonly string[];
  /** A data directory that outlives this run; a fresh one when absent. */
  readonly data_directory?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** Starts the platform and resolves when it has printed its table; rejects with what it printed when it doesn't come up. */
export async function startPlatform(options: PlatformOptions = {}): Promise<TestPlatform> {
  const temp = options.data_directory === undefined ? await createTempDirectory() : undefined;
  const data_directory = options.data_directory ?? join(temp?.path ?? '', 'data');
  const port = await freePort();
  const words = ['--port', String(port), '--data', data_directory, ...(options.words ?? [])];
  const host = spawn(process.execPath, [resolve('apps/host/launch/start.mjs'), ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_OPTIONS: '', ...options.environment },
  });
  let output = '';
  const ended = once(host, 'exit');
  await new Promise<void>((up, failed) => {
    const deadline = setTimeout(() => failed(new Error(`the platform did not come up:\n${output}`)), START_DEADLINE_MS);
    const hear = (chunk: Buffer) => {
      output += chunk.toString();
      if (!output.includes('Ctrl-C')) return;
      clearTimeout(deadline);
      up();
    };
    host.stdout.on('data', hear);
    host.stderr.on('data', hear);
    void ended.then(() => {
      clearTimeout(deadline);
      failed(new Error(`the platform ended instead of coming up:\n${output}`));
    });
  });
  const token = await readFile(join(data_directory, 'keys', 'operator.token'), 'utf8');
  const processes = () =>
    JSON.parse(readFileSync(join(data_directory, 'processes.json'), 'utf8')) as { name: string; pid: number }[];
  const addressOf = (service: string) =>
    service === 'live-gateway' ? `http://127.0.0.1:${port}` : `http://127.0.0.1:${portOf(data_directory, service)}`;
  const call = async (service: string, path: string, init: RequestInit): Promise<Answer> => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const answer = await fetch(`${addressOf(service)}${path}`, { ...init, headers });
    const text = await answer.text();
    return { status: answer.status, body: text === '' ? undefined : JSON.parse(text) };
  };
  const stop = async () => {
    if (host.exitCode !== null || host.signalCode !== null) return host.exitCode;
    host.kill('SIGTERM');
    const deadline = setTimeout(() => host.kill('SIGKILL'), STOP_DEADLINE_MS);
    await ended;
    clearTimeout(deadline);
    return host.exitCode;
  };
  return {
    dashboard_url: `http://127.0.0.1:${port}`,
    data_directory,
    database_url: (await readFile(join(data_directory, 'database-url'), 'utf8')).trim(),
    token,
    addressOf,
    pidOf: (service) => processes().find(({ name }) => name === service)?.pid,
    pids: () => [...(host.pid === undefined ? [] : [host.pid]), ...processes().map(({ pid }) => pid)],
    post: (service, path, body) => call(service, path, { method: 'POST', body: JSON.stringify(body) }),
    get: (service, path) => call(service, path, {}),
    output: () => output,
    stop,
    kill: async () => {
      host.kill('SIGKILL');
      await ended;
    },
    [Symbol.asyncDispose]: async () => {
      await stop();
      await temp?.[Symbol.asyncDispose]();
    },
  };
}

function portOf(data_directory: string, service: string): number {
  const path = join(data_directory, 'ports.json');
  const port = existsSync(path)
    ? (JSON.parse(readFileSync(path, 'utf8')) as Record<string, number>)[service]
    : undefined;
  if (port === undefined) throw new Error(`there is no service ${service}`);
  return port;
}

/** A port that nobody listened on a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
