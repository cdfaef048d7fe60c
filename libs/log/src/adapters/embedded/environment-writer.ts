import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { NervelineError, type Generation } from '@nerveline/kernel';
import { isAlive } from '@nerveline/process-identity';
import type { GroupMember } from '../../ports/group';
import { Doorbell, sweepDoorbells } from './doorbell';
import type { EnvironmentFile } from './environment-file';
import { GroupCommit, type Work } from './group-commit';
import { acquireLease, asGeneration, leaveWriters, releaseLease, type Lease } from './lease';
import { BeatPresence, solePresence, type Presence } from './presence';
import type { SharedEnvironment } from './shared-environment';
import { verifyInChild } from './verify';
import { readWriters } from './writer-entries';

export interface WriterOptions {
  readonly log_directory: string;
  readonly address: string;
  readonly take_over: boolean;
  /** Beside other processes of the service. */
  readonly shared: boolean;
  readonly max_pending_bytes: number;
  onBroken(error: NervelineError): void;
}

interface WriterParts {
  readonly environment: SharedEnvironment;
  readonly file: EnvironmentFile;
  readonly lease: Lease;
  readonly commits: GroupCommit;
  readonly doorbell: Doorbell;
  readonly presence: Presence;
}

/** This process as a writer of an environment: holds or shares its lease, commits for all callers, rings the doorbell. */
export class EnvironmentWriter {
  /** The members of groups in this process, by id. */
  readonly members = new Map<string, GroupMember>();

  #growth: { readonly step_bytes: number; readonly call: () => void } | undefined;
  #grown_bytes = 0;

  private constructor(
    private readonly parts: WriterParts,
    /** Where this process answers. */
    readonly address: string,
  ) {}

  /** @throws NervelineError `NL-LOG-005`, `NL-LOG-006`, `NL-LOG-010` */
  static async open(environment: SharedEnvironment, options: WriterOptions): Promise<EnvironmentWriter> {
    const { directory, service } = environment;
    mkdirSync(directory, { recursive: true });
    if (!endedCleanly(directory)) await verifyInChild(directory);
    const id = options.shared ? `${Date.now().toString(36)}-${process.pid}-${randomUUID().slice(0, 8)}` : undefined;
    const presence = id === undefined ? solePresence : new BeatPresence(id, BeatPresence.beatPath(id));
    try {
      const file = environment.startWriting();
      const shared = id === undefined ? undefined : { id, beat: BeatPresence.beatPath(id) };
      const lease = acquireLease(file, { ...options, shared });
      forgetCleanEnd(directory);
      const { log_directory } = options;
      if (id !== undefined) sweepDoorbells(log_directory, service, file.view(readWriters));
      const doorbell = await Doorbell.open({ log_directory, service, generation: lease.generation, writer: id });
      const commits = commitsOf({ environment, file, lease, doorbell }, options);
      if (id !== undefined) environment.hearOtherWriters();
      environment.wake();
      return new EnvironmentWriter({ environment, file, lease, commits, doorbell, presence }, options.address);
    } catch (error) {
      presence.close();
      await environment.stopWriting();
      if (error instanceof NervelineError) throw error;
      throw new NervelineError('NL-LOG-003', { detail: `${directory} can't be opened for writing`, cause: error });
    }
  }

  get generation(): Generation {
    return asGeneration(this.parts.lease.generation);
  }

  get presence(): Presence {
    return this.parts.presence;
  }

  /** Of the processes that write the environment, one keeps house for all. */
  get keepsHouse(): boolean {
    const { environment, presence } = this.parts;
    if (presence.id === '') return true;
    return environment.read(readWriters).find(isAlive)?.id === presence.id;
  }

  /** Calls back each time so much was taken. */
  onGrowth(step_bytes: number, call: () => void): void {
    this.#growth = { step_bytes, call };
  }

  submit<T>(work: Work<T>): Promise<T> {
    this.#grown_bytes += work.size_bytes;
    if (this.#growth !== undefined && this.#grown_bytes >= this.#growth.step_bytes) {
      this.#grown_bytes = 0;
      this.#growth.call();
    }
    return this.parts.commits.submit(work);
  }

  async close(): Promise<void> {
    const { environment, commits, doorbell, presence } = this.parts;
    for (const member of this.members.values()) await member.leave().catch(() => undefined);
    const last = commits.failed === undefined && (await this.release().catch(() => false));
    await commits.close();
    presence.close();
    await doorbell.close();
    await environment.stopWriting({ broken: commits.failed?.code === 'NL-LOG-016' });
    if (last) markCleanEnd(environment.directory);
  }

  /** Whether nobody writes the environment any more. Whoever took over ends it cleanly or not. */
  private async release(): Promise<boolean> {
    const { file, lease, commits, presence } = this.parts;
    if (presence.id !== '') {
      return commits.submit({ size_bytes: 0, stage: (staging) => leaveWriters(staging, lease, presence.id) });
    }
    // Behind what was accepted; after a write that failed, lmdb may never answer.
    await commits.close();
    return commits.failed === undefined && releaseLease(file, lease);
  }
}

function commitsOf(
  parts: Pick<WriterParts, 'environment' | 'file' | 'lease' | 'doorbell'>,
  options: WriterOptions,
): GroupCommit {
  return new GroupCommit(parts.file, {
    generation: parts.lease.generation,
    shared: options.shared,
    max_pending_bytes: options.max_pending_bytes,
    onBroken: (error) => options.onBroken(error),
    onDurable: () => {
      parts.doorbell.ring();
      parts.environment.wake();
    },
  });
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
