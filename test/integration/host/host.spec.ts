import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { identify } from '@nerveline/process-identity';
import { eventually } from '@nerveline/testing';
import { createHostFixture, exists } from './host-fixture';

jest.setTimeout(60_000);

const service = (name: string, port: number, needs: readonly string[] = []) => ({ name, port, needs, heap_mb: 64 });

/** Ports nobody else uses in this file's run; the host takes others where they are taken. */
const PORT = 20_000 + (process.pid % 20_000);

describe('the host', () => {
  test('starts a service again that was killed, at its old address', async () => {
    await using fixture = await createHostFixture(['alpha'], PORT);
    await using host = fixture.start([service('alpha', PORT + 1)]);
    expect(await host.next()).toEqual({ up: true });
    const ports = readFileSync(join(fixture.data_directory, 'ports.json'), 'utf8');
    const first = fixture.pidOf('alpha');
    process.kill(first ?? 0, 'SIGKILL');
    const second = await eventually(() => fixture.pidOf('alpha') !== first && fixture.pidOf('alpha'));
    expect(exists(second)).toBe(true);
    const { alpha } = JSON.parse(ports) as { alpha: number };
    const answer = await eventually(async () => (await fetch(`http://127.0.0.1:${alpha}`)).text());
    expect(answer).toBe(String(second));
  });

  test('runs one app alone where it is told to, and nothing of the others', async () => {
    await using fixture = await createHostFixture(['alpha', 'beta'], PORT);
    const only = { name: 'beta', port: PORT + 7 };
    await using host = fixture.start([service('alpha', PORT + 1), service('beta', PORT + 2, ['alpha'])], { only });
    expect(await host.next()).toEqual({ up: true });
    expect(fixture.events().map(({ name }) => name)).toEqual(['beta']);
    const answer = await (await fetch(`http://127.0.0.1:${PORT + 7}`)).text();
    expect(answer).toBe(String(fixture.pidOf('beta')));
  });

  test('kills a service that hangs and starts it again, tells why, and leaves the others alone', async () => {
    await using fixture = await createHostFixture(['alpha', 'beta'], PORT);
    await using host = fixture.start([service('alpha', PORT + 1), service('beta', PORT + 2)]);
    expect(await host.next()).toEqual({ up: true });
    const hung = fixture.pidOf('alpha') ?? 0;
    process.kill(hung, 'SIGSTOP');
    await eventually(() => fixture.pidOf('alpha') !== hung, { within_ms: 30_000 });
    expect(exists(hung)).toBe(false);
    host.tell({ status: true });
    expect(await host.next()).toMatchObject({
      status: [
        {
          name: 'alpha',
          health: expect.stringMatching(/ \(started again once: gave no answer for \d+ s and was killed\)$/) as string,
        },
        { name: 'beta', health: 'ready' },
      ],
    });
    expect(fixture.events().filter(({ name }) => name === 'beta')).toHaveLength(1);
  });

  test('stops services in reverse order of their needs, and leaves nothing running', async () => {
    await using fixture = await createHostFixture(['store', 'middle', 'front'], PORT);
    const services = [
      service('front', PORT + 1, ['middle']),
      service('middle', PORT + 2, ['store']),
      service('store', PORT + 3),
    ];
    await using host = fixture.start(services);
    expect(await host.next()).toEqual({ up: true });
    host.tell({ stop: true });
    expect(await host.ended).toBe(0);
    const order = fixture.events().map(({ what, name }) => `${what} ${name}`);
    expect(order).toEqual([
      'started store',
      'started middle',
      'started front',
      'stopped front',
      'stopped middle',
      'stopped store',
    ]);
    expect(fixture.events().filter(({ pid }) => exists(pid))).toEqual([]);
  });

  test('a start after a kill -9 of the host ends what it left behind, PostgreSQL too', async () => {
    await using fixture = await createHostFixture(['alpha'], PORT);
    const services = [service('alpha', PORT + 1, ['postgres'])];
    const embedded = { database_url: undefined };
    await using killed = fixture.start(services, embedded);
    expect(await killed.next()).toEqual({ up: true });
    const record = join(fixture.data_directory, 'processes.json');
    const left = (JSON.parse(readFileSync(record, 'utf8')) as { name: string; pid: number }[]).map(({ pid }) => pid);
    expect(left).toHaveLength(2);
    killed.kill('SIGKILL');
    await killed.ended;
    expect(left.filter(exists)).toHaveLength(2);

    await using next = fixture.start(services, embedded);
    expect(await next.next()).toEqual({ up: true });
    expect(left.filter(exists)).toEqual([]);
    next.tell({ stop: true });
    expect(await next.ended).toBe(0);
    expect(readFileSync(record, 'utf8')).toBe('[]');
  });

  test('never ends a stranger that got the process id of an orphan', async () => {
    await using fixture = await createHostFixture(['alpha'], PORT);
    const stranger = spawn('sleep', ['60'], { detached: true });
    await once(stranger, 'spawn');
    const identity = identify(stranger.pid ?? 0);
    mkdirSync(fixture.data_directory);
    writeFileSync(join(fixture.data_directory, 'nerveline.json'), '{"format":1}');
    const entry = { name: 'alpha', ...identity, started: `${identity?.started}1`, stop_signal: 'SIGTERM' };
    writeFileSync(join(fixture.data_directory, 'processes.json'), JSON.stringify([entry]));
    await using host = fixture.start([service('alpha', PORT + 1)]);
    expect(await host.next()).toEqual({ up: true });
    expect(exists(stranger.pid ?? 0)).toBe(true);
    stranger.kill('SIGKILL');
  });

  test('breaks off a start when it is asked to stop, and leaves nothing running', async () => {
    await using fixture = await createHostFixture(['alpha', 'never'], PORT);
    writeFileSync(
      join(fixture.settings.programs, 'never', 'src', 'main.js'),
      `require('node:fs').appendFileSync(process.env.JOURNAL, 'started never ' + process.pid + '\\n'); setInterval(() => {}, 1000);`,
    );
    await using host = fixture.start([service('alpha', PORT + 1), service('never', PORT + 2)]);
    const pid = await eventually(() => fixture.pidOf('never'));
    host.kill('SIGTERM');
    expect(await host.next()).toEqual({ failed: expect.stringContaining('AbortError') as string });
    expect(await host.ended).toBe(1);
    expect(exists(pid)).toBe(false);
    expect(fixture.events().filter((event) => exists(event.pid))).toEqual([]);
  });

  test('keeps its password and access to itself', async () => {
    await using fixture = await createHostFixture(['alpha'], PORT);
    await using host = fixture.start([service('alpha', PORT + 1)], { database_url: undefined });
    expect(await host.next()).toEqual({ up: true });
    for (const file of ['postgres-password', 'database-url']) {
      expect(statSync(join(fixture.data_directory, file)).mode & 0o077).toBe(0);
    }
    host.tell({ stop: true });
    await host.ended;
  });
});

describe('the host refuses to start', () => {
  test('in a data directory that another run holds', async () => {
    await using fixture = await createHostFixture(['alpha'], PORT);
    await using first = fixture.start([service('alpha', PORT + 1)]);
    expect(await first.next()).toEqual({ up: true });
    await using second = fixture.start([service('alpha', PORT + 1)]);
    expect(await second.next()).toEqual({
      failed: expect.stringMatching(/NL-HST-003: .* is in use by another run \(process \d+\)/) as string,
    });
    expect(await second.ended).toBe(1);
    expect(exists(fixture.pidOf('alpha') ?? 0)).toBe(true);
  });

  test('when the port of the dashboard is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const address = other.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await using fixture = await createHostFixture(['alpha'], port);
    await using host = fixture.start([service('alpha', PORT + 1)]);
    expect(await host.next()).toEqual({
      failed: expect.stringContaining(`NL-HST-005: port ${port} is taken`) as string,
    });
    expect(fixture.events()).toEqual([]);
    other.close();
  });

  test('with --reset in a directory that holds something else, and leaves it untouched', async () => {
    await using fixture = await createHostFixture(['alpha'], PORT);
    mkdirSync(fixture.data_directory);
    writeFileSync(join(fixture.data_directory, 'thesis.txt'), 'years of work');
    await using host = fixture.start([service('alpha', PORT + 1)], { reset: true });
    expect(await host.next()).toEqual({ failed: expect.stringContaining('NL-HST-010') as string });
    expect(readdirSync(fixture.data_directory)).toEqual(['thesis.txt']);
  });

  test('with data of a newer version', async () => {
    await using fixture = await createHostFixture(['alpha'], PORT);
    mkdirSync(fixture.data_directory);
    writeFileSync(join(fixture.data_directory, 'nerveline.json'), '{"format":2}');
    await using host = fixture.start([service('alpha', PORT + 1)]);
    expect(await host.next()).toEqual({ failed: expect.stringContaining('newer version') as string });
    expect(readFileSync(join(fixture.data_directory, 'nerveline.json'), 'utf8')).toBe('{"format":2}');
  });
});

describe('the host starts afresh with --reset', () => {
  test('and keeps nothing of the earlier run', async () => {
    await using fixture = await createHostFixture(['alpha'], PORT);
    mkdirSync(join(fixture.data_directory, 'log'), { recursive: true });
    writeFileSync(join(fixture.data_directory, 'nerveline.json'), '{"format":1}');
    writeFileSync(join(fixture.data_directory, 'log', 'old'), 'old');
    await using host = fixture.start([service('alpha', PORT + 1)], { reset: true });
    expect(await host.next()).toEqual({ up: true });
    expect(readdirSync(fixture.data_directory)).not.toContain('log');
  });
});
