import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ROOT } from './paths.mjs';

const START_DEADLINE_MS = 60_000;

/** One PostgreSQL for the run; its keeper prints the URL and ends with us. */
export async function startPostgres() {
  const keeper = spawn(process.execPath, [join(ROOT, 'libs/testing/src/postgres-server.mjs')], {
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true,
  });
  const [url] = await withinDeadline('PostgreSQL', keeper, once(createInterface(keeper.stdout), 'line'));
  return { url, stop: () => stopKeeper(keeper) };
}

/** One Redis for the run, in memory only. */
export async function startRedis(program) {
  const port = await freePort();
  const directory = mkdtempSync(join(tmpdir(), 'nerveline-redis-'));
  const settings = { port, bind: '127.0.0.1', dir: directory, save: '', appendonly: 'no', loglevel: 'warning' };
  const flags = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const keeper = spawn(process.execPath, [join(ROOT, 'test/runner/keep.mjs'), program, ...flags], {
    stdio: ['pipe', 'ignore', 'inherit'],
    detached: true,
  });
  await withinDeadline('Redis', keeper, untilConnectable(port));
  const stop = async () => {
    await stopKeeper(keeper);
    rmSync(directory, { recursive: true, force: true });
  };
  return { url: `redis://127.0.0.1:${port}`, stop };
}

async function stopKeeper(keeper) {
  if (keeper.exitCode !== null || keeper.signalCode !== null) return;
  keeper.stdin.end();
  await once(keeper, 'exit');
}

async function withinDeadline(name, keeper, ready) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${name} was not ready in time`)), START_DEADLINE_MS);
  });
  const gone = once(keeper, 'exit').then(() => {
    throw new Error(`${name} did not start`);
  });
  try {
    return await Promise.race([ready, gone, late]);
  } catch (error) {
    keeper.kill('SIGTERM');
    throw error;
  } finally {
    clearTimeout(timer);
    gone.catch(() => {});
  }
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** Redis says nothing when it is ready, so knock until it opens. */
async function untilConnectable(port) {
  for (;;) {
    const socket = connect(port, '127.0.0.1');
    try {
      await once(socket, 'connect');
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    } finally {
      socket.destroy();
    }
  }
}
