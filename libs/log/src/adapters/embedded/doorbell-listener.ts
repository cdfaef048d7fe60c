import { mkdirSync, watch, type FSWatcher } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { doorbellsOf, readAnnouncement } from './doorbell';

/**
 * The reader's side: stays connected to the doorbell of a service, also over restarts of it. Costs nothing while
 * nothing happens: the kernel reports the ring, the end of the writer, and a new announcement.
 */
export class DoorbellListener {
  readonly #watcher: FSWatcher;
  readonly #announcement: string;
  #socket: Socket | undefined;

  /** @param onRing may be called more often than something happened, never less */
  constructor(
    log_directory: string,
    service: string,
    private readonly onRing: () => void,
  ) {
    const directory = doorbellsOf(log_directory);
    mkdirSync(directory, { recursive: true });
    this.#announcement = join(directory, service);
    this.#watcher = watch(directory, (_event, name) => {
      if (name === null || name === service) this.reconnect();
    });
    // The directory was removed: a new start of the platform makes a new one, with new readers.
    this.#watcher.on('error', () => this.#watcher.close());
    this.reconnect();
  }

  close(): void {
    this.#watcher.close();
    this.#socket?.destroy();
    this.#socket = undefined;
  }

  private reconnect(): void {
    this.#socket?.destroy();
    this.#socket = undefined;
    const path = readAnnouncement(this.#announcement);
    if (path === undefined) return;
    const socket = connect(path);
    this.#socket = socket;
    socket.on('data', () => this.onRing());
    // Nobody listens (the writer was killed) or it has gone: it announces itself when it is back.
    socket.on('error', () => socket.destroy());
  }
}
