import type { StopSignal } from './process-record';

/** What a look at a program finds. */
export type Look = 'ready' | 'standing by' | 'not ready';

/** Something that runs under supervision, as a process of its own. */
export interface Program {
  readonly name: string;
  /** Programs that are ready before it starts, and stop only after it has. */
  readonly needs: readonly string[];
  readonly command: string;
  readonly parameters: readonly string[];
  /** Beside what the host itself has. */
  readonly environment: Readonly<Record<string, string>>;
  /** The account that it runs as, where that isn't ours. */
  readonly account: { readonly uid?: number; readonly gid?: number };
  readonly stop_signal: StopSignal;
  /** Where it is to be found, for people. */
  readonly address: string;
  /** One look whether it does its work, or stands by to take over from another instance elsewhere. */
  look(): Promise<Look>;
  /**
   * One cheap look whether it answers at all, from when it is ready; a program that no longer does is killed. Absent for
   * one that a kill would harm more than a wait, as PostgreSQL, whose other processes live on and hold its memory.
   */
  readonly isAlive?: () => Promise<boolean>;
  /** What the console shows of a line that it wrote. */
  toConsoleLine(line: string): string | undefined;
  /** The platform can't start without it. */
  readonly vital: boolean;
}
