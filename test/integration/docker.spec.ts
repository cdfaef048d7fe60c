import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  createDatabase,
  createTempDirectory,
  eventually,
  stopOwnPostgres,
  type TempDirectory,
} from '@nerveline/testing';
import { topology } from '../../apps/host/src/topology';
import { readComposeFile, schemaErrors } from './docker/compose-file';
import { Containers } from './docker/containers';
import { imageOf, parseDockerfile, type Stage } from './docker/dockerfile';
import { copyContext, performDockerfile, removeEarlierStages } from './docker/perform-dockerfile';

// No container engine is needed: the Dockerfile's steps are performed in empty folders, and what they leave is started
// as the compose file says.

const DRAIN_DEADLINE_MS = 10_000;
const compose = readComposeFile('docker/compose.yml');
const stages = parseDockerfile(readFileSync('docker/Dockerfile', 'utf8'));
const last = stages.at(-1) as Stage;
/** The simulator is a demo's outside world; containers get theirs from the real one. */
const apps = topology.map(({ name }) => name).filter((name) => name !== 'simulator');

afterAll(stopOwnPostgres);

describe('the compose file', () => {
  it('follows the Compose specification', () => {
    expect(schemaErrors(compose)).toEqual([]);
  });

  it('would be found out by a key that the specification lacks', () => {
    const source = compose.source.replace('services:', 'services:\n  broken: { networking: none }');
    expect(schemaErrors({ ...compose, source })).toContainEqual(expect.stringContaining('/services/broken'));
  });

  it.each(apps)('runs %s on the database, the data and the keys that all share', (app) => {
    expect(compose.services[app]).toMatchObject({
      build: { args: { APP: app } },
      environment: {
        DATABASE_URL: expect.stringContaining('@postgres:5432/') as string,
        NERVELINE_DATA_DIR: '/data',
        NERVELINE_JWKS: '/data/keys/jwks.json',
        ADVERTISED_URL: `http://${app}:3000`,
      },
      volumes: ['data:/data'],
    });
  });

  it.each(apps)(
    'puts the log of %s on the brokers that KAFKA_BROKERS names, and embeds it where that is empty',
    (app) => {
      expect(compose.services[app]).toMatchObject({ environment: { KAFKA_BROKERS: '${KAFKA_BROKERS:-}' } });
    },
  );

  it.each(apps)('gives %s longer to stop than it gives itself to drain', (app) => {
    const seconds = Number(/^(\d+)s$/.exec(compose.services[app]?.stop_grace_period ?? '')?.[1]);
    expect(seconds * 1_000).toBeGreaterThan(DRAIN_DEADLINE_MS);
  });

  it('opens no port to other machines', () => {
    const ports = Object.values(compose.services).flatMap((service) => service.ports ?? []);
    expect(ports.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
    expect(ports).not.toEqual([]);
  });

  it('holds no secret', () => {
    const settings = Object.values(compose.services).flatMap(({ environment = {} }) => Object.entries(environment));
    const secrets = settings.filter(([name]) => /PASSWORD|SECRET|TOKEN/.test(name)).map(([, value]) => value);
    const passwords = settings.flatMap(([, value]) => /:\/\/[^:/@]+:(.+)@/.exec(value)?.[1] ?? []);
    expect([...new Set([...secrets, ...passwords])]).toEqual(['${POSTGRES_PASSWORD:?set POSTGRES_PASSWORD}']);
  });
});

describe('the Dockerfile', () => {
  let folder: TempDirectory;
  let root: string;

  beforeAll(async () => {
    folder = await createTempDirectory();
    const context = join(folder.path, 'context');
    await copyContext(context);
    root = await performDockerfile(stages, context, folder.path);
    await removeEarlierStages(stages, context, folder.path);
  }, 420_000);

  afterAll(() => folder[Symbol.asyncDispose]());

  it('runs its programs as somebody who is not root', () => {
    expect(imageOf(last, { APP: 'cli' }).user).toBe('node');
  });

  it('makes images that start, answer, and stop cleanly with what the compose file gives them', async () => {
    await using database = await createDatabase();
    await using volumes = await createTempDirectory();
    const given = { POSTGRES_PASSWORD: 'given-by-who-starts-it' };
    const machine = { compose, stage: last, root, volumes: volumes.path, database_url: database.url, given };
    await using containers = await Containers.on(machine);

    const keys = containers.start('keys');
    expect(await keys.ended.then((code) => ({ code, said: keys.output() }))).toEqual({
      code: 0,
      said: expect.stringContaining('jwks.json') as string,
    });

    const running = apps.map((name) => ({ name, container: containers.start(name) }));
    for (const { name, container } of running) {
      const isUp = async () => (await fetch(`${container.address}/health/ready`)).ok;
      await eventually(isUp, { within_ms: 60_000, what: `${name} is ready` }).catch((error: unknown) => {
        throw new Error(`${name}:\n${container.output()}`, { cause: error });
      });
      expect({ name, healthy: await container.checkHealth() }).toEqual({ name, healthy: 0 });
    }

    const signing = containers.start('keys', ['node', 'dist/apps/cli/src/main.js', 'token', '--scope', 'all']);
    expect(await signing.ended).toBe(0);
    const fraud = running.find(({ name }) => name === 'fraud-scoring')?.container.address ?? '';
    const statusWith = async (token: string) => {
      const headers = { authorization: `Bearer ${token}` };
      return (await fetch(`${fraud}/v1/payments/decisions/none`, { headers })).status;
    };
    expect(await statusWith(signing.output().trim())).toBe(404);
    expect(await statusWith('not-a-token')).toBe(401);

    const page = running.find(({ name }) => name === 'live-gateway')?.container.address ?? '';
    expect(await (await fetch(page)).text()).toContain('<div id="root">');

    for (const { name, container } of running.toReversed()) {
      const asked_ms = Date.now();
      const code = await container.stop();
      if (code !== 0) throw new Error(`${name} ended with ${code}:\n${container.output()}`);
      expect(Date.now() - asked_ms).toBeLessThan(DRAIN_DEADLINE_MS);
    }
  }, 180_000);
});
