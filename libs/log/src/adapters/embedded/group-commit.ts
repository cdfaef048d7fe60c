import { setTimeout } from 'node:timers/promises';
import { NervelineError } from '@nerveline/kernel';
import { readCommitCondition, type CommitCondition } from './commit-condition';
import type { EnvironmentFile } from './environment-file';
import { Staging, type Write } from './staging';

/** One transaction takes what waits, up to this: its sync shouldn't keep small writers waiting for seconds. */
const MAX_TRANSACTION_BYTES = 8 * 1024 * 1024;
/** Who has just committed lets those go first whom it has made stage again: a slow process would never come to it. */
const YIELD_MS = 1;

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
  /** Other processes write the environment, too. */
  readonly shared: boolean;
  readonly max_pending_bytes: number;
  /** Called after each durable transaction. */
  onDurable(): void;
  /** Called once, when a write failed and no further one is taken. */
  onBroken(error: NervelineError): void;
}

/**
 * Makes the work of all callers durable, many in one transaction with one sync: while one is on its way to the disk,
 * the next gathers. A transaction is bound to the writer's generation, and in shared mode to the state that it was
 * staged on: when another process has committed in between, it is staged again.
 *
 * After the first write that fails nothing more is written: the file is sound, since LMDB writes beside what is in use,
 * but its handle isn't. Measured with lmdb 3.5.6: a page that can't be written corrupts the heap of the process, and
 * after a meta page that can't be written no promise of a write settles any more.
 */
export class GroupCommit {
  readonly #queue: Queued[] = [];
  #pending_bytes = 0;
  #running: Promise<void> | undefined;
  #closed = false;
  #failed: NervelineError | undefined;
  #last_sequence = 0;

  constructor(
    private readonly file: EnvironmentFile,
    private readonly options: GroupCommitOptions,
  ) {}

  /** @throws NervelineError `NL-LOG-003`, `NL-LOG-004`, `NL-LOG-013`, `NL-LOG-015`, `NL-LOG-016` */
  submit<T>(work: Work<T>): Promise<T> {
    const refusal = this.refusalOf(work.size_bytes);
    if (refusal !== undefined) return Promise.reject(refusal);
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

  /** Why nothing more is written. */
  get failed(): NervelineError | undefined {
    return this.#failed;
  }

  /** Refuses new work, and resolves when what was accepted is done. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#running;
  }

  private refusalOf(size_bytes: number): NervelineError | undefined {
    if (this.#failed !== undefined) return this.#failed;
    if (this.#closed) return new NervelineError('NL-LOG-015', { detail: 'the log was closed' });
    const { max_pending_bytes } = this.options;
    // One that is larger than the limit is taken when it is alone: it would wait for ever otherwise.
    if (this.#pending_bytes === 0 || this.#pending_bytes + size_bytes <= max_pending_bytes) return undefined;
    return new NervelineError('NL-LOG-013', {
      detail: `${this.#pending_bytes} bytes wait to be made durable, max_pending_bytes is ${max_pending_bytes}`,
    });
  }

  private async run(): Promise<void> {
    // What its caller still submits without waiting rides along. A whole turn of the event loop would delay a single
    // append by as much as a fifth of its sync; who comes later gathers while this one is on its way.
    await Promise.resolve();
    while (this.#queue.length > 0) {
      const works = this.takeTransaction();
      if (this.#failed === undefined) await this.transact(works);
      else for (const work of works) work.reject(this.#failed);
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
    let crowded = false;
    try {
      for (let open = works; open.length > 0;) {
        const attempt = this.file.view(() => this.stage(open));
        open = attempt.accepted;
        if (open.length === 0) return;
        const { sequence } = attempt.condition;
        crowded ||= sequence !== undefined && sequence.before !== this.#last_sequence;
        if (await this.write(attempt)) {
          this.#last_sequence = (attempt.writes.length > 0 ? sequence?.after : sequence?.before) ?? 0;
          for (const resolve of attempt.resolves) resolve();
          break;
        }
        if (sequence === undefined) throw this.fenced();
        crowded = true;
      }
    } catch (cause) {
      const error = cause instanceof NervelineError ? cause : await notDurable(cause);
      for (const work of works) work.reject(error);
      this.fail(error);
      return;
    }
    this.options.onDurable();
    if (crowded) await setTimeout(YIELD_MS);
  }

  private fail(error: NervelineError): void {
    if (error.code === 'NL-LOG-004') {
      this.#failed = error;
      return;
    }
    this.#failed = new NervelineError('NL-LOG-016', {
      detail: `after a write that failed: ${error.detail}`,
      cause: error,
    });
    this.options.onBroken(this.#failed);
  }

  private stage(works: readonly Queued[]): Attempt {
    const condition = readCommitCondition(this.file, this.options);
    if (condition === undefined) throw this.fenced();
    const staging = new Staging(this.file, Date.now());
    const accepted: Queued[] = [];
    const resolves: (() => void)[] = [];
    for (const work of works) {
      try {
        resolves.push(work.stage(staging));
        accepted.push(work);
      } catch (error) {
        work.reject(error);
      }
    }
    return { condition, accepted, resolves, writes: staging.finish() };
  }

  private write({ condition, writes }: Attempt): Promise<boolean> {
    const { file } = this;
    return file.meta.ifVersion(condition.key, condition.version, () => {
      for (const { store, key, value, version } of writes) {
        if (value === null) void file[store].remove(key);
        else void file[store].put(key, Buffer.from(value.buffer, value.byteOffset, value.byteLength), version ?? 0);
      }
      const { sequence } = condition;
      // A transaction that changes nothing must not make others stage again.
      if (sequence !== undefined && writes.length > 0) void file.meta.put(condition.key, condition.key, sequence.after);
    });
  }

  private fenced(): NervelineError {
    return new NervelineError('NL-LOG-004', { detail: `generation ${this.options.generation} was taken over` });
  }
}

/** A transaction as it was staged. */
interface Attempt {
  readonly condition: CommitCondition;
  readonly accepted: readonly Queued[];
  readonly resolves: readonly (() => void)[];
  readonly writes: readonly Write[];
}

/** lmdb rejects with "Commit failed" and gives the cause as a promise on the error. */
async function notDurable(failure: unknown): Promise<NervelineError> {
  const cause = await commitError(failure);
  return new NervelineError('NL-LOG-003', { detail: `the write failed: ${String(cause)}`, cause });
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
