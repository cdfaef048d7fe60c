import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { eventually } from './eventually';
import { kafkaJars } from './kafka-jars';
import { kafkaProperties, type KafkaPorts, type KeyStore } from './kafka-properties';
import { makeKeyStore } from './kafka-tls';
import { freePort } from './platform';

/** A real broker of one's own, on free ports of the loopback; one for a whole spec file, since it takes four seconds. */
export interface TestKafka extends AsyncDisposable {
  /** `host:port`, as `KAFKA_BROKERS` takes it. */
  readonly broker: string;
  /** The same broker behind SASL/PLAIN; it knows `alice` with the password `wonderland`. */
  readonly sasl_broker: string;
  /**
   * The same broker behind TLS and SASL/SCRAM (256 and 512), for who started it so; `alice` has the password `wonderland`.
   * Its certificate is its own authority, `ca`, and stands for 127.0.0.1 and `broker.test`.
   */
  readonly secured: { readonly broker: string; readonly ca: string } | undefined;
  /** A listener that is told to be at `advertised`: whoever follows the metadata comes through a proxy there. */
  readonly proxied: { readonly advertised: number; readonly target: number };
  readonly pid: number | undefined;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  /** Starts it again on its data and ports; resolves when it answers. */
  start(): Promise<void>;
}

const START_DEADLINE_MS = 60_000;
const SCRAM_USERS = ['SCRAM-SHA-256', 'SCRAM-SHA-512'].map((name) => `${name}=[name=alice,password=wonderland]`);

/** Starts an Apache Kafka (KRaft, one node). Java and Maven are needed; {@link describeWithKafka} asks for them. */
export async function startKafka(
  overrides: Readonly<Record<string, string | number>> = {},
  { secured = false }: { readonly secured?: boolean } = {},
): Promise<TestKafka> {
  const jars = await kafkaJars();
  const directory = mkdtempSync(join(tmpdir(), 'nerveline-kafka-'));
  const ports = {
    broker: await freePort(),
    sasl: await freePort(),
    secured: await freePort(),
    controller: await freePort(),
    proxied: await freePort(),
    advertised: await freePort(),
  };
  const key_store = secured ? await makeKeyStore(directory, 'broker') : undefined;
  const kafka = new KafkaProcess(directory, join(jars, '*'), ports, key_store);
  const data = join(directory, 'data');
  writeFileSync(kafka.settings_file, kafkaProperties({ ports, data, key_store, overrides }));
  await kafka.format();
  await kafka.start();
  return kafka;
}

/** A `describe` that is skipped, with its reason in the title, where the machine can't run a Kafka. */
export function describeWithKafka(title: string, body: () => void): void {
  const missing = missingForKafka();
  if (missing.length === 0) describe(title, body);
  else describe.skip(`${title} [needs ${missing.join(' and ')}]`, body);
}

/** The programs that {@link startKafka} needs and this machine lacks. */
export function missingForKafka(): string[] {
  return ['java', 'mvn'].filter((program) => !isOnPath(program));
}

function isOnPath(program: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

class KafkaProcess implements TestKafka {
  readonly settings_file: string;
  #child: ChildProcess | undefined;
  readonly #endWithUs = (): void => void this.#child?.kill('SIGKILL');

  constructor(
    private readonly directory: string,
    private readonly class_path: string,
    private readonly ports: KafkaPorts,
    private readonly key_store: KeyStore | undefined,
  ) {
    this.settings_file = join(directory, 'server.properties');
    process.once('exit', this.#endWithUs);
  }

  get broker(): string {
    return `127.0.0.1:${this.ports.broker}`;
  }

  get sasl_broker(): string {
    return `127.0.0.1:${this.ports.sasl}`;
  }

  get secured(): { readonly broker: string; readonly ca: string } | undefined {
    const { ports, key_store } = this;
    return key_store === undefined ? undefined : { broker: `127.0.0.1:${ports.secured}`, ca: key_store.certificate };
  }

  get proxied(): { readonly advertised: number; readonly target: number } {
    return { advertised: this.ports.advertised, target: this.ports.proxied };
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  async format(): Promise<void> {
    const id = randomBytes(16).toString('base64url');
    // One word with its name: an id may begin with a dash, and would be taken for an option of its own.
    const words = ['kafka.tools.StorageTool', 'format', `--cluster-id=${id}`, '-c', this.settings_file];
    // Users of SCRAM are kept by the cluster itself: the first ones are written before it starts.
    const users = this.key_store === undefined ? [] : SCRAM_USERS.flatMap((user) => ['--add-scram', user]);
    const child = this.java([...words, ...users]);
    const [code] = (await once(child, 'exit')) as [number | null];
    if (code !== 0) throw new Error(`Kafka's storage could not be formatted: code ${code}`);
  }

  async start(): Promise<void> {
    const child = this.java(['kafka.Kafka', this.settings_file]);
    this.#child = child;
    await eventually(
      async () => {
        if (child.exitCode !== null) throw new Error(`Kafka ended with code ${child.exitCode}`);
        return answers(this.ports.broker);
      },
      { within_ms: START_DEADLINE_MS, what: 'a Kafka that answers' },
    );
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    process.off('exit', this.#endWithUs);
    rmSync(this.directory, { recursive: true, force: true });
  }

  private java(words: readonly string[]): ChildProcess {
    const memory = ['-Xmx512m', '-XX:TieredStopAtLevel=1'];
    return spawn('java', [...memory, '-cp', this.class_path, ...words], { cwd: this.directory, stdio: 'ignore' });
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const end = (found: boolean): void => {
      socket.destroy();
      resolve(found);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });
}
