import { closeSync, existsSync, openSync, rmSync, statSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAlive, isStopped } from '@nerveline/process-identity';
import type { WriterEntry } from './writer-entries';

/** How often a process shows that it lives and looks whether the others do. */
const BEAT_MS = 250;

/** Who of the writers of an environment lives, as one of them sees it. */
export interface Presence {
  /** This process among the writers; empty for a sole one. */
  readonly id: string;
  /** @param writer undefined when it is not among the writers any more */
  isAlive(writer: WriterEntry | undefined, session_ms: number): boolean;
  /** Ends those that are stopped: see {@link BeatPresence.endStopped}. */
  endStopped(writers: readonly WriterEntry[]): void;
  /** Calls back with each beat. */
  subscribe(onBeat: () => void): () => void;
  close(): void;
}

/** Of a sole writer: the lease of the environment says that there is nobody else. */
export const solePresence: Presence = {
  id: '',
  isAlive: () => false,
  endStopped: () => undefined,
  subscribe: () => () => undefined,
  close: () => undefined,
};

interface Sign {
  /** The beat's time stamp, in the clock of its process: only whether it changes counts. */
  readonly stamp_ms: number;
  /** When this process saw it change, in its own monotonic clock. */
  readonly seen_ms: number;
}

/**
 * A process shows that it lives by touching a file of its own, from its main thread: one that hangs or is stopped goes
 * silent. The files lie in memory where there is such a place, so that beating costs no write to a disk.
 */
export class BeatPresence implements Presence {
  readonly #signs = new Map<string, Sign>();
  readonly #listeners = new Set<() => void>();
  #timer: NodeJS.Timeout | undefined;
  #beaten_ms = 0;

  constructor(
    readonly id: string,
    private readonly beat: string,
  ) {
    closeSync(openSync(beat, 'w'));
  }

  static beatPath(id: string): string {
    const memory = '/dev/shm';
    return join(existsSync(memory) ? memory : tmpdir(), `nerveline-beat-${id}`);
  }

  isAlive(writer: WriterEntry | undefined, session_ms: number): boolean {
    if (writer === undefined) return false;
    if (writer.id === this.id) return true;
    if (!isAlive(writer)) return false;
    const now_ms = performance.now();
    const stamp_ms = statSync(writer.beat, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    const last = this.#signs.get(writer.id);
    const sign = last?.stamp_ms === stamp_ms ? last : { stamp_ms, seen_ms: now_ms };
    this.#signs.set(writer.id, sign);
    return now_ms - sign.seen_ms < session_ms;
  }

  /**
   * A process that was stopped (SIGSTOP) while it wrote holds LMDB's lock, and nobody else can write. Only its end frees
   * the lock; its partitions have gone to others already.
   */
  endStopped(writers: readonly WriterEntry[]): void {
    for (const writer of writers) {
      if (writer.id === this.id || !isAlive(writer) || !isStopped(writer.pid)) continue;
      process.emitWarning(`log: process ${writer.pid} is stopped and holds up all other writers; it is killed`);
      process.kill(writer.pid, 'SIGKILL');
    }
  }

  subscribe(onBeat: () => void): () => void {
    this.#listeners.add(onBeat);
    if (this.#timer === undefined) {
      this.tick();
      this.#timer = setInterval(() => this.tick(), BEAT_MS);
    }
    return () => {
      this.#listeners.delete(onBeat);
      if (this.#listeners.size > 0) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
    };
  }

  close(): void {
    clearInterval(this.#timer);
    rmSync(this.beat, { force: true });
  }

  private tick(): void {
    const now = new Date();
    utimesSync(this.beat, now, now);
    const now_ms = performance.now();
    // This process was silent itself: what it didn't see says nothing about the others.
    if (now_ms - this.#beaten_ms > 2 * BEAT_MS) this.#signs.clear();
    this.#beaten_ms = now_ms;
    for (const listener of this.#listeners) listener();
  }
}
