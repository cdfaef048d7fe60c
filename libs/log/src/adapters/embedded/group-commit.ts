import { NervelineError } from '@nerveline/kernel';
import type { EnvironmentFile } from './environment-file';
import { LEASE_KEY } from './lease';
import { Staging, type Write } from './staging';

/** One transaction takes what waits, up to this: its sync shouldn't keep small writers waiting for seconds. */
const MAX_TRANSACTION_BYTES = 8 * 1024 * 1024;

/** Something that becomes durable as a whole. `stage` checks before it stages: when it throws, nothing was staged. */
export interface Work<T> {
  readonly size_bytes: number;
  stage(staging: Staging): T;
}

interface Queued {
  readonly size_bytes: number;
  /** Gives what to do when the transaction is durable. */
  stage(staging: Staging): () => void;
  reject(error: unknown): void;
}

export interface GroupCommitOptions {
  readonly generation: number;
  readonly max_pending_bytes: number;
  /** Called after each durable transaction. */
  onDurable(): void;
}

/**
 * Makes the work of all callers durable, many in one transaction with one sync: while one is on its way to the disk,
 * the next gathers. A transaction is bound to the writer's generation.
 *
 * A sync that fails aborts the transaction, and LMDB goes on: its pages were free before and nothing points at them,
 * so the next transaction writes them anew. When the page that switches transactions can't be written, LMDB refuses
 * everything until the environment is opened again, and so do we.
 */
export class GroupCommit {
  readonly #queue: Queued[] = [];
  #pending_bytes = 0;
  #running: Promise<void> | undefined;
  #ended: NervelineError | undefined;

  constructor(
    private readonly file: EnvironmentFile,
    private readonly options: GroupCommitOptions,
  ) {}

  /** @throws NervelineError `NL-LOG-003`, `NL-LOG-004`, `NL-LOG-013`, `NL-LOG-015`, `NL-LOG-016` */
  submit<T>(work: Work<T>): Promise<T> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    const { max_pending_bytes } = this.options;
    if (this.#pending_bytes > 0 && this.#pending_bytes + work.size_bytes > max_pending_bytes) {
      const detail = `${this.#pending_bytes} bytes wait to be made durable, max_pending_bytes is ${max_pending_bytes}`;
      return Promise.reject(new NervelineError('NL-LOG-013', { detail }));
    }
    return new Promise<T>((resolve, reject) => {
      this.#pending_bytes += work.size_bytes;
      this.#queue.push({
        size_bytes: work.size_bytes,
        stage: (staging) => {
          const result = work.stage(staging);
          return () => resolve(result);
        },
        reject,
      });
      this.#running ??= this.run();
    });
  }

  /** Refuses new work, and resolves when what was accepted is done. */
  async close(): Promise<void> {
    this.end(new NervelineError('NL-LOG-015', { detail: 'the log was closed' }));
    await this.#running;
  }

  private end(error: NervelineError): void {
    this.#ended ??= error;
  }

  private async run(): Promise<void> {
    // Everything that this turn of the event loop still submits rides along.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#queue.length > 0) {
      const works = this.takeTransaction();
      await this.transact(works);
      for (const work of works) this.#pending_bytes -= work.size_bytes;
    }
    this.#running = undefined;
  }

  private takeTransaction(): Queued[] {
    let size_bytes = 0;
    let count = 0;
    for (const work of this.#queue) {
      if (count > 0 && size_bytes + work.size_bytes > MAX_TRANSACTION_BYTES) break;
      size_bytes += work.size_bytes;
      count += 1;
    }
    return this.#queue.splice(0, count);
  }

  private async transact(works: readonly Queued[]): Promise<void> {
    const resolves: (() => void)[] = [];
    try {
      const writes = this.file.view(() => this.stage(works, resolves));
      if (!(await this.write(writes))) throw this.fenced();
    } catch (cause) {
      const error = cause instanceof NervelineError ? cause : await notDurable(cause);
      if (error.code !== 'NL-LOG-003') this.end(error);
      for (const work of works) work.reject(error);
      return;
    }
    for (const resolve of resolves) resolve();
    this.options.onDurable();
  }

  private stage(works: readonly Queued[], resolves: (() => void)[]): readonly Write[] {
    const staging = new Staging(this.file, Date.now());
    for (const work of works) {
      try {
        resolves.push(work.stage(staging));
      } catch (error) {
        work.reject(error);
      }
    }
    return staging.finish();
  }

  private write(writes: readonly Write[]): Promise<boolean> {
    const { file } = this;
    return file.meta.ifVersion(LEASE_KEY, this.options.generation, () => {
      for (const { store, key, value } of writes) {
        if (value === null) void file[store].remove(key);
        else void file[store].put(key, Buffer.from(value.buffer, value.byteOffset, value.byteLength));
      }
    });
  }

  private fenced(): NervelineError {
    return new NervelineError('NL-LOG-004', { detail: `generation ${this.options.generation} was taken over` });
  }
}

/** lmdb rejects with "Commit failed" and gives the cause as a promise on the error. */
async function notDurable(failure: unknown): Promise<NervelineError> {
  const cause = await commitError(failure);
  const text = cause instanceof Error ? cause.message : String(cause);
  const panicked = text.includes('MDB_PANIC');
  return new NervelineError(panicked ? 'NL-LOG-016' : 'NL-LOG-003', { detail: `the write failed: ${text}`, cause });
}

async function commitError(failure: unknown): Promise<unknown> {
  if (!(failure instanceof Error) || !('commitError' in failure)) return failure;
  try {
    await failure.commitError;
    return failure;
  } catch (cause) {
    return cause;
  }
}
