import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { offset } from '@nerveline/kernel';
import { openKafkaLog, type Log, type LogRecord } from '@nerveline/log';
import {
  createDatabase,
  createTempDirectory,
  eventually,
  freePort,
  startKafka,
  startPlatform,
  startPostgres,
  type Answer,
  type TestKafka,
  type TempDirectory,
  type TestPlatform,
} from '@nerveline/testing';

/** Debian's PostgreSQL: a system's own, other than the one that comes with the platform. */
const SYSTEM_POSTGRES = '/usr/lib/postgresql/15/bin';
export const SESSION_MS = 3_000;
const TAKE_OVER_MS = 60_000;
const STOP_MS = 20_000;

/** One instance of an app, started by `npm start` itself or by `npm start -- --only APP`. */
export interface Instance {
  readonly name: string;
  readonly address: string;
  readonly pid: () => number | undefined;
}

/**
 * The platform on a real Kafka and a PostgreSQL of the system, by its own door; and second instances of its apps, each on
 * a host and a data directory of its own.
 */
export class ScaleOut implements AsyncDisposable {
  readonly #instances = new Map<string, Instance[]>();

  private constructor(
    readonly platform: TestPlatform,
    private readonly kafka: TestKafka,
    private readonly environment: Readonly<Record<string, string>>,
    /** What was opened, the last first. */
    private readonly opened: AsyncDisposable[],
  ) {}

  static async open(): Promise<ScaleOut> {
    const opened: AsyncDisposable[] = [];
    const keep = <T extends AsyncDisposable>(one: T): T => {
      opened.unshift(one);
      return one;
    };
    try {
      const kafka = keep(await startKafka());
      const server = keep(await startPostgres(existsSync(SYSTEM_POSTGRES) ? SYSTEM_POSTGRES : ''));
      const environment = {
        KAFKA_BROKERS: kafka.broker,
        KAFKA_SESSION_MS: String(SESSION_MS),
        DATABASE_URL: (await createDatabase(server)).url,
        REDIS_URL: process.env['NERVELINE_TEST_REDIS_URL'] ?? '',
      };
      const first = { ...environment, INSTANCE_ID: 'first' };
      const platform = keep(await startPlatform({ words: ['--no-simulator'], environment: first }));
      const jwks = join(platform.data_directory, 'keys', 'jwks.json');
      return new ScaleOut(platform, kafka, { ...environment, NERVELINE_JWKS: jwks }, opened);
    } catch (error) {
      await closeAll(opened);
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (await this.#log)?.close();
    await closeAll(this.opened);
  }

  /** What the callers of an app find, the one that `npm start` runs first. */
  instancesOf(app: string): readonly Instance[] {
    const first = { name: 'first', address: this.platform.addressOf(app), pid: () => this.platform.pidOf(app) };
    return [first, ...(this.#instances.get(app) ?? [])];
  }

  /** Starts a second instance of an app; resolves when it stands by. */
  async addInstance(app: string, name: string): Promise<void> {
    const directory = await this.#directory();
    const port = await freePort();
    const words = ['--only', app, '--port', String(port), '--data', join(directory.path, 'data')];
    const host = spawn(process.execPath, [resolve('apps/host/launch/start.mjs'), ...words], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NODE_OPTIONS: '', ...this.environment, INSTANCE_ID: name },
    });
    this.opened.unshift({ [Symbol.asyncDispose]: () => stop(host) });
    let output = '';
    for (const stream of [host.stdout, host.stderr]) stream.on('data', (chunk: Buffer) => (output += String(chunk)));
    const address = `http://127.0.0.1:${port}`;
    const record = join(directory.path, 'data', 'processes.json');
    const pid = () =>
      (JSON.parse(readFileSync(record, 'utf8')) as { name: string; pid: number }[]).find((each) => each.name === app)
        ?.pid;
    await eventually(
      async () => {
        if (host.exitCode !== null) throw new Error(`the host of ${app} ended:\n${output}`);
        return (await stateOf(address)) === 'standing by';
      },
      { within_ms: TAKE_OVER_MS, what: `a second ${app} that stands by` },
    );
    this.#instances.set(app, [...(this.#instances.get(app) ?? []), { name, address, pid }]);
  }

  /** The instance that works. */
  async working(app: string): Promise<Instance> {
    return eventually(
      async () => {
        for (const instance of this.instancesOf(app)) {
          if ((await stateOf(instance.address)) === 'ready') return instance;
        }
        return undefined;
      },
      { within_ms: TAKE_OVER_MS, what: `a ${app} that works` },
    );
  }

  /** Kills the instance that works with -9, and resolves when another process works. */
  async killWorking(app: string): Promise<void> {
    const { pid, name } = await this.working(app);
    const killed = pid();
    if (killed === undefined) throw new Error(`${app} of ${name} has no process`);
    process.kill(killed, 'SIGKILL');
    await eventually(
      async () => {
        const now = await this.working(app);
        return now.pid() !== killed;
      },
      { within_ms: TAKE_OVER_MS, what: `another ${app} that works` },
    );
  }

  /** Kills the broker with -9, and starts it again after so long. */
  async restartBroker(away_ms: number): Promise<void> {
    await this.kafka.kill();
    await pause(away_ms);
    await this.kafka.start();
  }

  /** As a patient caller behind a balancer: asks whoever works, again and again with the same words until one answers. */
  async ask(app: string, path: string, body: unknown): Promise<Answer> {
    const headers = { authorization: `Bearer ${this.platform.token}`, 'content-type': 'application/json' };
    const request = { method: 'POST', headers, body: JSON.stringify(body) };
    return eventually(
      async () => {
        for (const { address } of this.instancesOf(app)) {
          try {
            const answer = await fetch(`${address}${path}`, { ...request, signal: AbortSignal.timeout(10_000) });
            const text = await answer.text();
            if (answer.status < 500) return { status: answer.status, body: JSON.parse(text) as unknown };
          } catch {
            // It was killed, or it hasn't begun to listen.
          }
        }
        return undefined;
      },
      { within_ms: TAKE_OVER_MS, what: `an answer of ${app} to ${path}` },
    );
  }

  /** Everything that lies in a topic, by partition. */
  async read(topic: string): Promise<readonly LogRecord[]> {
    const log = await this.#reader();
    const records: LogRecord[] = [];
    for (let partition = 0; partition < (await log.partitionCount(topic)); partition += 1) {
      const { start_offset, next_offset } = await log.tail(topic, partition);
      for (let from = start_offset; from < next_offset;) {
        const batch = await log.read({ topic, partition, from: offset(from) });
        records.push(...batch.records);
        from = batch.next_offset;
      }
    }
    return records;
  }

  #log: Promise<Log> | undefined;

  #reader(): Promise<Log> {
    this.#log ??= this.#directory().then(({ path }) =>
      openKafkaLog({
        brokers: [this.environment['KAFKA_BROKERS'] ?? ''],
        service: 'test-reader',
        data_directory: path,
      }),
    );
    return this.#log;
  }

  async #directory(): Promise<TempDirectory> {
    const directory = await createTempDirectory();
    this.opened.push(directory);
    return directory;
  }
}

async function closeAll(opened: readonly AsyncDisposable[]): Promise<void> {
  for (const one of opened) await one[Symbol.asyncDispose]();
}

async function stateOf(address: string): Promise<'ready' | 'standing by' | 'away'> {
  try {
    const answer = await fetch(`${address}/health/ready`, { signal: AbortSignal.timeout(2_000) });
    const report = (await answer.json()) as { standby?: boolean };
    if (answer.ok) return 'ready';
    return report.standby === true ? 'standing by' : 'away';
  } catch {
    return 'away';
  }
}

async function stop(host: ChildProcess): Promise<void> {
  if (host.exitCode !== null || host.signalCode !== null) return;
  const ended = once(host, 'exit');
  host.kill('SIGTERM');
  const late = setTimeout(() => host.kill('SIGKILL'), STOP_MS);
  await ended;
  clearTimeout(late);
}
