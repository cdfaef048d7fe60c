import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '@nerveline/testing';
import { type ComposeFile, type ComposeService, interpolate } from './compose-file';
import { type Image, imageOf, type Stage } from './dockerfile';

/** The account `node` of the official image. */
const IMAGE_ACCOUNT = { uid: 1_000, gid: 1_000 };

export interface Machine {
  readonly compose: ComposeFile;
  /** The last stage of the Dockerfile, and the folder that its steps have filled. */
  readonly stage: Stage;
  readonly root: string;
  /** An empty folder for the volumes. */
  readonly volumes: string;
  /** What stands for the database of the compose file. */
  readonly database_url: string;
  /** What the person who starts it gives. */
  readonly given: Readonly<Record<string, string>>;
}

/** One service's process. */
export interface Container {
  readonly address: string;
  readonly output: () => string;
  /** Ends with the exit code of the image's health check. */
  checkHealth(): Promise<number | null>;
  /** Ends with the exit code, or the signal where it was killed. */
  stop(): Promise<number | string | null>;
  readonly ended: Promise<number | string | null>;
}

/**
 * Starts services of a compose file as processes of this machine: what the file and the image say about environment,
 * command, directory and account holds; hosts, ports and volumes are mapped to what is here.
 */
export class Containers implements AsyncDisposable {
  readonly #ports = new Map<string, number>();
  readonly #children: ChildProcess[] = [];

  private constructor(
    private readonly machine: Machine,
    private readonly account: { readonly uid?: number; readonly gid?: number },
  ) {}

  static async on(machine: Machine): Promise<Containers> {
    const account = imageAccount();
    const containers = new Containers(machine, account);
    for (const name of Object.keys(machine.compose.services)) containers.#ports.set(name, await freePort());
    return containers;
  }

  /** @param command instead of the service's own, as `docker compose run SERVICE COMMAND` does */
  start(name: string, command?: readonly string[]): Container {
    const service = this.machine.compose.services[name];
    if (service === undefined) throw new Error(`there is no service ${name}`);
    const image = imageOf(this.machine.stage, service.build?.args ?? {});
    const environment = this.#environmentOf(name, service, image);
    const toHere = (words: readonly string[]) => words.map((word) => this.#pathsToHere(word, service, image));
    const child = this.#spawn(toHere(command ?? service.command ?? image.command), image, environment);
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => (output = `${output}${chunk.toString()}`.slice(-20_000)));
    // Not when it exits: what it said last may still be on its way.
    const ended = once(child, 'close').then(([code, signal]) => (signal ?? code) as number | string | null);
    return {
      address: `http://127.0.0.1:${this.#ports.get(name)}`,
      output: () => output,
      ended,
      checkHealth: async () => {
        const [code] = (await once(this.#spawn(image.healthcheck, image, environment), 'exit')) as [number | null];
        return code;
      },
      stop: () => {
        child.kill('SIGTERM');
        return ended;
      },
    };
  }

  #spawn(words: readonly string[], image: Image, environment: Record<string, string>): ChildProcess {
    const [command = '', ...parameters] = words;
    const child = spawn(command, parameters, {
      cwd: join(this.machine.root, image.directory),
      // Nothing of the test's own environment but where programs are found.
      env: { PATH: process.env['PATH'], ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(image.user === 'node' ? this.account : {}),
    });
    this.#children.push(child);
    return child;
  }

  #environmentOf(name: string, service: ComposeService, image: Image): Record<string, string> {
    const both = { ...image.environment, ...service.environment };
    const entries = Object.entries(both).map(([key, value]) => {
      const text = interpolate(value, this.machine.given);
      return [key, this.#pathsToHere(this.#hostsToHere(text), service, image)] as const;
    });
    return { ...Object.fromEntries(entries), HOST: '127.0.0.1', PORT: String(this.#ports.get(name)) };
  }

  #hostsToHere(text: string): string {
    if (/^postgres:.*@postgres:5432\//.test(text)) return this.machine.database_url;
    return text.replace(/\/\/([\w-]+):3000\b/, (all, host: string) => {
      const port = this.#ports.get(host);
      return port === undefined ? all : `//127.0.0.1:${port}`;
    });
  }

  #pathsToHere(text: string, service: ComposeService, image: Image): string {
    const volumes = (service.volumes ?? []).map((volume) => volume.split(':') as [string, string]);
    const places = [
      ...volumes.map(([volume, path]) => [path, this.#volume(volume)] as const),
      [image.directory, join(this.machine.root, image.directory)] as const,
    ];
    return places.reduce(
      (mapped, [path, here]) => mapped.replaceAll(new RegExp(`(?<![\\w./-])${path}(?![\\w-])`, 'g'), here),
      text,
    );
  }

  #volume(name: string): string {
    const path = join(this.machine.volumes, name);
    mkdirSync(path, { recursive: true });
    const { uid, gid } = this.account;
    if (uid !== undefined && gid !== undefined) chownSync(path, uid, gid);
    chmodSync(this.machine.volumes, 0o755);
    return path;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const running = this.#children.filter((child) => child.exitCode === null && child.signalCode === null);
    await Promise.all(
      running.map((child) => {
        child.kill('SIGKILL');
        return once(child, 'exit');
      }),
    );
  }
}

/** Root starts the programs as the image's account does, where that can reach Node; anybody else as themselves. */
function imageAccount(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  return spawnSync(process.execPath, ['-e', ''], IMAGE_ACCOUNT).status === 0 ? IMAGE_ACCOUNT : {};
}
