import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { NervelineError, type Generation } from '@nerveline/kernel';
import { Doorbell } from './doorbell';
import type { EnvironmentFile } from './environment-file';
import { GroupCommit, type Work } from './group-commit';
import { acquireLease, asGeneration, releaseLease, type Lease } from './lease';
import type { SharedEnvironment } from './shared-environment';
import { verifyInChild } from './verify';

export interface WriterOptions {
  readonly log_directory: string;
  readonly address: string;
  readonly take_over: boolean;
  readonly max_pending_bytes: number;
  onBroken(error: NervelineError): void;
}

/** The one writer of an environment: holds its lease, commits for all callers, rings the doorbell. */
export class EnvironmentWriter {
  private constructor(
    private readonly environment: SharedEnvironment,
    private readonly file: EnvironmentFile,
    private readonly lease: Lease,
    private readonly commits: GroupCommit,
    private readonly doorbell: Doorbell,
  ) {}

  /** @throws NervelineError `NL-LOG-005`, `NL-LOG-006`, `NL-LOG-010` */
  static async open(environment: SharedEnvironment, options: WriterOptions): Promise<EnvironmentWriter> {
    if (environment.writtenHere) {
      throw new NervelineError('NL-LOG-010', { detail: 'this process writes this environment already' });
    }
    const { directory, service } = environment;
    mkdirSync(directory, { recursive: true });
    if (!endedCleanly(directory)) await verifyInChild(directory);
    try {
      const file = environment.startWriting();
      const lease = acquireLease(file, options);
      forgetCleanEnd(directory);
      const doorbell = await Doorbell.open({ ...options, service, generation: lease.generation });
      const commits = new GroupCommit(file, {
        generation: lease.generation,
        max_pending_bytes: options.max_pending_bytes,
        onBroken: (error) => options.onBroken(error),
        onDurable: () => {
          environment.wake();
          doorbell.ring();
        },
      });
      environment.wake();
      return new EnvironmentWriter(environment, file, lease, commits, doorbell);
    } catch (error) {
      await environment.stopWriting();
      if (error instanceof NervelineError) throw error;
      throw new NervelineError('NL-LOG-003', { detail: `${directory} can't be opened for writing`, cause: error });
    }
  }

  get generation(): Generation {
    return asGeneration(this.lease.generation);
  }

  submit<T>(work: Work<T>): Promise<T> {
    return this.commits.submit(work);
  }

  async close(): Promise<void> {
    await this.commits.close();
    // Whoever took over ends it cleanly or not; after a write that failed, lmdb may never answer.
    const released =
      this.commits.failed === undefined && (await releaseLease(this.file, this.lease).catch(() => false));
    await this.doorbell.close();
    await this.environment.stopWriting({ broken: this.commits.failed?.code === 'NL-LOG-016' });
    if (released) markCleanEnd(this.environment.directory);
  }
}

/** The mark is a file of its own, since a damaged environment may crash whoever opens it to look. */
const CLEAN_END = 'clean-end';

function endedCleanly(directory: string): boolean {
  return existsSync(join(directory, CLEAN_END)) || !existsSync(join(directory, 'data.mdb'));
}

function markCleanEnd(directory: string): void {
  writeFileSync(join(directory, CLEAN_END), '');
}

/** Durably: after a power cut, a mark that came back would vouch for what nobody looked at. */
function forgetCleanEnd(directory: string): void {
  rmSync(join(directory, CLEAN_END), { force: true });
  // The directories above as well: what was just made must not vanish with the records that it is about to take.
  for (const path of [directory, dirname(directory), dirname(dirname(directory))]) syncDirectory(path);
}

function syncDirectory(path: string): void {
  const handle = openSync(path, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
