import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const RING = Buffer.from([1]);

/**
 * Where the doorbells of a log directory are announced: a file for each service holds the path of its socket. Readers
 * watch this one directory, so that they notice a writer that starts for the first time and one that comes back.
 */
export const doorbellsOf = (log_directory: string): string => join(log_directory, '.doorbells');

/** The writer's side: rings for every reader of the environment in another process. */
export class Doorbell {
  readonly #server: Server;
  readonly #readers = new Set<Socket>();

  private constructor() {
    this.#server = createServer((reader) => {
      this.#readers.add(reader);
      reader.on('error', () => reader.destroy());
      reader.on('close', () => this.#readers.delete(reader));
      reader.resume();
      // The first ring: what became durable while the reader was being accepted was rung without it.
      reader.write(RING);
    });
  }

  /** Listens, then announces itself. `generation` makes each doorbell's name its own, so that none removes another's. */
  static async open(place: { log_directory: string; service: string; generation: number }): Promise<Doorbell> {
    const { log_directory, service, generation } = place;
    const directory = doorbellsOf(log_directory);
    mkdirSync(directory, { recursive: true });
    const announcement = join(directory, service);
    const last = readAnnouncement(announcement);
    if (last !== undefined) rmSync(last, { force: true });
    const doorbell = new Doorbell();
    const path = socketPath(join(log_directory, service), generation);
    rmSync(path, { force: true });
    doorbell.#server.listen(path);
    await once(doorbell.#server, 'listening');
    writeFileSync(`${announcement}.new`, path);
    renameSync(`${announcement}.new`, announcement);
    return doorbell;
  }

  ring(): void {
    for (const reader of this.#readers) {
      // A reader that has not taken the last ring yet will look when it does: nothing piles up for a slow one.
      if (reader.writableLength === 0) reader.write(RING);
    }
  }

  async close(): Promise<void> {
    for (const reader of this.#readers) reader.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

export function readAnnouncement(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** What the shortest system takes for the path of a socket, less its final zero. */
const MAX_SOCKET_PATH_BYTES = 103;

/** In the system's temporary directory, since a data directory's path is often too long for a socket. */
function socketPath(environment: string, generation: number): string {
  const hash = createHash('sha256').update(environment).digest('hex').slice(0, 16);
  const name = `nerveline-${hash}-${generation}.sock`;
  const path = join(tmpdir(), name);
  return Buffer.byteLength(path) <= MAX_SOCKET_PATH_BYTES ? path : join('/tmp', name);
}
