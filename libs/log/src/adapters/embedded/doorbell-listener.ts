import { mkdirSync, readdirSync, watch, type FSWatcher } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { doorbellsOf, isAnnouncementOf, readAnnouncement } from './doorbell';

/**
 * The reader's side: stays connected to the doorbells of a service, also over restarts of it. Costs nothing while
 * nothing happens: the kernel reports the ring, the end of a writer, and a new announcement.
 */
export class DoorbellListener {
  readonly #watcher: FSWatcher;
  readonly #directory: string;
  readonly #sockets = new Map<string, Socket>();

  /** @param onRing may be called more often than something happened, never less */
  constructor(
    log_directory: string,
    private readonly service: string,
    private readonly onRing: () => void,
  ) {
    this.#directory = doorbellsOf(log_directory);
    mkdirSync(this.#directory, { recursive: true });
    this.#watcher = watch(this.#directory, (_event, name) => {
      if (name === null) this.connectAll();
      else if (isAnnouncementOf(service, name)) this.reconnect(name);
    });
    // The directory was removed: a new start of the platform makes a new one, with new readers.
    this.#watcher.on('error', () => this.#watcher.close());
    this.connectAll();
  }

  close(): void {
    this.#watcher.close();
    for (const socket of this.#sockets.values()) socket.destroy();
    this.#sockets.clear();
  }

  private connectAll(): void {
    for (const name of readdirSync(this.#directory)) if (isAnnouncementOf(this.service, name)) this.reconnect(name);
  }

  private reconnect(name: string): void {
    this.#sockets.get(name)?.destroy();
    this.#sockets.delete(name);
    const path = readAnnouncement(join(this.#directory, name));
    if (path === undefined) return;
    const socket = connect(path);
    this.#sockets.set(name, socket);
    socket.on('data', () => this.onRing());
    // Nobody listens (the writer was killed) or it has gone: it announces itself when it is back.
    socket.on('error', () => socket.destroy());
  }
}
