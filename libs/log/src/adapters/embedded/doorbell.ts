import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const RING = Buffer.from([1]);

/**
 * Where the doorbells of a log directory are announced: a file for each writer holds the path of its socket. Readers
 * watch this one directory, so that they notice a writer that starts for the first time and one that comes back.
 */
export const doorbellsOf = (log_directory: string): string => join(log_directory, '.doorbells');

/** Names the announcement: the service, and which of its processes where it has several. */
export const announcementOf = (service: string, writer?: string): string =>
  writer === undefined ? service : `${service}${WRITER_MARK}${writer}`;

export const isAnnouncementOf = (service: string, name: string): boolean =>
  name === service || name.startsWith(`${service}${WRITER_MARK}`);

/** No service has it in its name. */
const WRITER_MARK = '@';

/** Takes away what writers left that were killed. */
export function sweepDoorbells(
  log_directory: string,
  service: string,
  writers: readonly { readonly id: string }[],
): void {
  const directory = doorbellsOf(log_directory);
  mkdirSync(directory, { recursive: true });
  const present = new Set(writers.map(({ id }) => announcementOf(service, id)));
  for (const name of readdirSync(directory)) {
    if (name === service || !isAnnouncementOf(service, name) || present.has(name)) continue;
    const socket = readAnnouncement(join(directory, name));
    if (socket !== undefined) rmSync(socket, { force: true });
    rmSync(join(directory, name), { force: true });
  }
}

export interface DoorbellPlace {
  readonly log_directory: string;
  readonly service: string;
  readonly generation: number;
  /** The process, where several write the environment. */
  readonly writer: string | undefined;
}

/** The writer's side: rings for every reader of the environment in another process. */
export class Doorbell {
  readonly #server: Server;
  readonly #readers = new Set<Socket>();

  private constructor(private readonly announcement: string | undefined) {
    this.#server = createServer((reader) => {
      this.#readers.add(reader);
      reader.on('error', () => reader.destroy());
      reader.on('close', () => this.#readers.delete(reader));
      reader.resume();
      // The first ring: what became durable while the reader was being accepted was rung without it.
      reader.write(RING);
    });
  }

  /**
   * Listens, then announces itself. `generation`, or the writer's id where there are several, makes each doorbell's name
   * its own, so that none removes another's.
   */
  static async open(place: DoorbellPlace): Promise<Doorbell> {
    const { log_directory, service, generation, writer } = place;
    const directory = doorbellsOf(log_directory);
    mkdirSync(directory, { recursive: true });
    const announcement = join(directory, announcementOf(service, writer));
    const last = readAnnouncement(announcement);
    if (last !== undefined) rmSync(last, { force: true });
    const doorbell = new Doorbell(writer === undefined ? undefined : announcement);
    const path = socketPath(join(log_directory, service), writer ?? `${generation}`);
    rmSync(path, { force: true });
    doorbell.#server.listen(path);
    await once(doorbell.#server, 'listening');
    // Under a name that no listener takes for an announcement until it is whole.
    const whole = join(directory, `.${announcementOf(service, writer)}`);
    writeFileSync(whole, path);
    renameSync(whole, announcement);
    return doorbell;
  }

  ring(): void {
    for (const reader of this.#readers) {
      // A reader that has not taken the last ring yet will look when it does: nothing piles up for a slow one.
      if (reader.writableLength === 0) reader.write(RING);
    }
  }

  async close(): Promise<void> {
    // One that comes back gets a new name; a sole writer's announcement stays, so that its readers know where to look.
    if (this.announcement !== undefined) rmSync(this.announcement, { force: true });
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
function socketPath(environment: string, writer: string): string {
  const hash = createHash('sha256').update(environment).digest('hex').slice(0, 16);
  const name = `nerveline-${hash}-${writer}.sock`;
  const path = join(tmpdir(), name);
  return Buffer.byteLength(path) <= MAX_SOCKET_PATH_BYTES ? path : join('/tmp', name);
}
