import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** A process, told apart from a later one that got the same id by when it was started. */
export interface ProcessIdentity {
  readonly pid: number;
  /** In whatever form the system gives it: only good for comparing. */
  readonly started: string;
}

/** The process that has this id now; undefined when there is none, or when it has ended and nobody has taken note. */
export function identify(pid: number): ProcessIdentity | undefined {
  const started = process.platform === 'linux' ? startOnLinux(pid) : ps('lstart', pid);
  return started === undefined ? undefined : { pid, started };
}

/** This process. */
export function ownIdentity(): ProcessIdentity {
  return identify(process.pid) ?? { pid: process.pid, started: '' };
}

/** Is it this very process that runs, and not a later one with its id? */
export function isAlive(identity: ProcessIdentity): boolean {
  return identify(identity.pid)?.started === identity.started;
}

/** Was the process stopped by a signal or a debugger, so that it stands still? */
export function isStopped(pid: number): boolean {
  const state = process.platform === 'linux' ? readStat(pid)?.[0] : ps('stat', pid);
  return /^[Tt]/.test(state ?? '');
}

/**
 * The boot and the clock ticks from it to the start (field 22 of proc(5)): ticks alone fit a process of another boot. A
 * zombie has ended and holds nothing; only its parent doesn't know yet.
 */
function startOnLinux(pid: number): string | undefined {
  const [state, ...rest] = readStat(pid) ?? [];
  if (state === undefined || state === 'Z' || state === 'X') return undefined;
  return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}/${rest[18]}`;
}

/** From field 3, the state, on: the program's name before it may hold spaces and brackets. */
function readStat(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

function ps(column: string, pid: number): string | undefined {
  try {
    return execFileSync('ps', ['-o', `${column}=`, '-p', String(pid)], { encoding: 'utf8' }).trim() || undefined;
  } catch {
    return undefined;
  }
}
