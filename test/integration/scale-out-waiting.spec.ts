import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createTempDirectory, createTestKeys, eventually, freePort } from '@nerveline/testing';

test('a service whose broker is not there tries on, says so when it is asked and once in its log, and stops when it is asked to', async () => {
  await using directory = await createTempDirectory();
  await using keys = await createTestKeys();
  const [port, nobody] = [await freePort(), await freePort()];
  const child = spawn(process.execPath, [resolve('dist/apps/fraud-scoring/src/main.js')], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      NODE_OPTIONS: '',
      KAFKA_BROKERS: `127.0.0.1:${nobody}`,
      NERVELINE_DATA_DIR: directory.path,
      NERVELINE_JWKS: keys.jwks,
      PORT: String(port),
    },
  });
  let log = '';
  child.stdout.on('data', (chunk: Buffer) => (log += String(chunk)));
  try {
    const ask = async (path: string) => {
      const answer = await fetch(`http://127.0.0.1:${port}${path}`);
      return { status: answer.status, body: (await answer.json()) as object };
    };
    const why = `127.0.0.1:${nobody}: .*ECONNREFUSED`;
    await eventually(
      async () => {
        const { status, body } = await ask('/health/ready');
        return status === 503 && new RegExp(`waits for Kafka: ${why}`).test(JSON.stringify(body));
      },
      { within_ms: 30_000, what: 'the reason why it is not ready' },
    );
    expect(await ask('/health/live')).toEqual({ status: 200, body: { alive: true } });
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
    expect(log.split('\n').filter((line) => line.includes('NL-LOG-020'))).toEqual([
      expect.stringMatching(new RegExp(`${nobody}.*ECONNREFUSED`)),
    ]);
  } finally {
    child.kill('SIGKILL');
  }
}, 60_000);
