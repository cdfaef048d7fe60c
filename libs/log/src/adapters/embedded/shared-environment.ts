import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { invariant, NervelineError } from '@nerveline/kernel';
import { DoorbellListener } from './doorbell-listener';
import { EnvironmentFile } from './environment-file';
import { isMissingSegment } from './segment-file';
import { RecordWatch, type Watcher } from './record-watch';

/**
 * The environment of one service as this process knows it. LMDB must not be opened twice in a process, so the logs of a
 * process share it: whoever reads gets the writer's handle when the writer is here, and a read-only one otherwise.
 */
export class SharedEnvironment {
  readonly directory: string;
  readonly #wakes = new Set<() => void>();
  readonly #watch = new RecordWatch();
  #file: EnvironmentFile | undefined;
  #writing = false;
  #listener: DoorbellListener | undefined;
  #users = 0;

  private constructor(
    private readonly log_directory: string,
    readonly service: string,
  ) {
    this.directory = join(log_directory, service);
  }

  /** Each call is paired with a {@link release}. */
  static use(log_directory: string, service: string): SharedEnvironment {
    const path = join(resolve(log_directory), service);
    const shared = environments.get(path) ?? new SharedEnvironment(resolve(log_directory), service);
    environments.set(path, shared);
    shared.#users += 1;
    return shared;
  }

  async release(): Promise<void> {
    this.#users -= 1;
    if (this.#users > 0) return;
    environments.delete(this.directory);
    this.#listener?.close();
    await this.#file?.close();
    this.#file = undefined;
  }

  get writtenHere(): boolean {
    return this.#writing;
  }

  /** @throws NervelineError `NL-LOG-006` */
  startWriting(): EnvironmentFile {
    invariant(!this.#writing, 'an environment has one writer');
    // Closing a read-only handle is synchronous in lmdb; the promise is for writers.
    void this.#file?.close();
    this.#file = undefined;
    this.#file = EnvironmentFile.openForWriting(this.directory);
    this.#writing = true;
    this.#listener?.close();
    this.#listener = undefined;
    return this.#file;
  }

  /** Other processes write it as well: what they commit wakes, too. */
  hearOtherWriters(): void {
    this.listen();
  }

  /** @param broken after a write that failed lmdb can't even be closed safely: the process is to end */
  async stopWriting({ broken = false } = {}): Promise<void> {
    this.#writing = false;
    this.#listener?.close();
    this.#listener = undefined;
    const file = this.#file;
    this.#file = undefined;
    if (!broken) await file?.close();
    if (this.#wakes.size > 0 || !this.#watch.isEmpty) this.listen();
  }

  /** @throws NervelineError `NL-LOG-006`, `NL-LOG-008` */
  read<T>(look: (file: EnvironmentFile) => T): T {
    const file = this.open();
    if (file === undefined) {
      throw new NervelineError('NL-LOG-008', { detail: `${this.service} has not written anything yet` });
    }
    try {
      return file.view(look);
    } catch (error) {
      // Retention has removed a segment that this look's snapshot still knew: the next snapshot doesn't.
      if (!isMissingSegment(error)) throw error;
      return file.view(look);
    }
  }

  get exists(): boolean {
    return this.open() !== undefined;
  }

  /** Calls back after each durable commit, whichever process made it, and when the environment appears. */
  subscribe(wake: () => void): () => void {
    this.#wakes.add(wake);
    if (!this.#writing) this.listen();
    return () => this.#wakes.delete(wake);
  }

  /** Tells the watcher when its position has a record, until {@link unwatch}. */
  watch(watcher: Watcher): void {
    this.#watch.add(watcher);
    if (!this.#writing) this.listen();
  }

  unwatch(watcher: Watcher): void {
    this.#watch.remove(watcher);
  }

  wake(): void {
    for (const wake of this.#wakes) wake();
    this.#watch.look((look) => (this.exists ? this.read(look) : undefined));
  }

  private open(): EnvironmentFile | undefined {
    if (this.#file === undefined && existsSync(this.directory)) {
      this.#file = EnvironmentFile.openForReading(this.directory);
    }
    return this.#file;
  }

  private listen(): void {
    this.#listener ??= new DoorbellListener(this.log_directory, this.service, () => this.wake());
  }
}

const environments = new Map<string, SharedEnvironment>();
