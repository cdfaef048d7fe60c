import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { NervelineError } from '@nerveline/kernel';
import { ABORT, open, type Database, type RootDatabase, type Transaction } from 'lmdb';

type Store = Database<Buffer, Buffer>;

/**
 * Layout of an environment; a newer one is refused untouched. It is of format 2 from its first segment on, and can be read
 * by the version before until then.
 */
const FORMAT_VERSION = 2;
const FORMAT_WITHOUT_SEGMENTS = 1;
export const FORMAT_KEY = Buffer.from('format');
export const FORMAT_WITH_SEGMENTS = Buffer.from([FORMAT_VERSION]);

const REHEARSAL_KEY = Buffer.from('rehearsal');
const REHEARSAL_BYTES = 64 * 1024;

const RAW = { encoding: 'binary', keyEncoding: 'binary' } as const;

/** One LMDB environment with the stores of one service: its topics, state, input positions and lease. */
export class EnvironmentFile {
  readonly meta: Store;
  readonly partitions: Store;
  readonly batches: Store;
  readonly positions: Store;
  readonly state: Store;

  private constructor(
    private readonly root: RootDatabase<Buffer, Buffer>,
    readonly directory: string,
    meta: Store,
  ) {
    const store = (name: string): Store => root.openDB(name, RAW);
    this.meta = meta;
    this.partitions = store('partitions');
    this.batches = store('batches');
    this.positions = store('positions');
    this.state = store('state');
  }

  /** @throws NervelineError `NL-LOG-006` */
  static openForWriting(directory: string): EnvironmentFile {
    const root = openRoot(directory, false);
    try {
      return EnvironmentFile.openStores(root, directory);
    } catch (error) {
      void root.close();
      throw error;
    }
  }

  /** `undefined` while nobody has written it. @throws NervelineError `NL-LOG-006` */
  static openForReading(directory: string): EnvironmentFile | undefined {
    if (!existsSync(join(directory, 'data.mdb'))) return undefined;
    const root = openRoot(directory, true);
    const meta: Store | undefined = root.openDB('meta', { ...RAW, useVersions: true });
    // A writer that is just making it commits the format last.
    if (meta === undefined || readFormat(meta) === undefined) {
      void root.close();
      return undefined;
    }
    try {
      return EnvironmentFile.openStores(root, directory);
    } catch (error) {
      void root.close();
      throw error;
    }
  }

  private static openStores(root: RootDatabase<Buffer, Buffer>, directory: string): EnvironmentFile {
    const meta: Store = root.openDB('meta', { ...RAW, useVersions: true });
    const format = readFormat(meta);
    if (format !== undefined && format > FORMAT_VERSION) {
      throw new NervelineError('NL-LOG-006', {
        detail: `${directory} has format ${format}, this version reads up to ${FORMAT_VERSION}`,
      });
    }
    if (format !== undefined) return new EnvironmentFile(root, directory, meta);
    // All stores in one transaction: whoever sees the format sees all of them.
    return root.transactionSync(() => {
      const file = new EnvironmentFile(root, directory, meta);
      meta.putSync(FORMAT_KEY, Buffer.from([FORMAT_WITHOUT_SEGMENTS]), 0);
      return file;
    });
  }

  /**
   * Looks at what is durable now. `look` must be synchronous: a snapshot that is held longer stops LMDB from reusing
   * pages, and the file grows for good.
   *
   * @throws NervelineError `NL-LOG-016` when LMDB refuses
   */
  view<T>(look: (file: EnvironmentFile) => T): T {
    try {
      this.root.resetReadTxn();
      return look(this);
    } catch (cause) {
      if (cause instanceof NervelineError) throw cause;
      throw new NervelineError('NL-LOG-016', { detail: 'the environment does not answer a read', cause });
    } finally {
      this.root.resetReadTxn();
    }
  }

  /**
   * Keeps what is durable now to be read until it is released, while others write on: for a copy only, since the file
   * grows meanwhile. Nothing else looks at this handle until then.
   */
  holdSnapshot(): { readonly transaction: Transaction; release(): void } {
    this.root.resetReadTxn();
    const transaction = this.root.useReadTransaction();
    return { transaction, release: () => transaction.done() };
  }

  /** One synchronous durable transaction; for opening only, since it blocks the process. */
  transactSync<T>(act: () => T): T {
    return this.root.transactionSync(act);
  }

  /** Writes to every store and takes it back: reads what the next commit will read, the list of free pages included. */
  rehearse(): void {
    this.root.transactionSync(() => {
      for (const store of [this.meta, this.partitions, this.batches, this.positions, this.state]) {
        store.putSync(REHEARSAL_KEY, Buffer.alloc(REHEARSAL_BYTES), 0);
      }
      return ABORT;
    });
  }

  /** Frees the snapshots of readers that were killed while they looked: they would make the file grow for good. */
  releaseDeadReaders(): void {
    this.root.readerCheck();
  }

  /** LMDB's table of the processes and threads that read, and of which snapshot. */
  listReaders(): string {
    return this.root.readerList();
  }

  async close(): Promise<void> {
    await this.root.close();
  }
}

function openRoot(directory: string, readOnly: boolean): RootDatabase<Buffer, Buffer> {
  return open<Buffer, Buffer>({
    path: directory,
    readOnly,
    ...RAW,
    noSubdir: false,
    maxDbs: 8,
    // With it, other processes would see a record up to 0.8 s before it is durable.
    overlappingSync: false,
    // We batch ourselves; lmdb's batch of an event turn leaves a rejected promise behind that nobody can catch.
    eventTurnBatching: false,
  });
}

function readFormat(meta: Store): number | undefined {
  return meta.get(FORMAT_KEY)?.[0];
}
