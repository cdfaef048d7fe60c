import { linkSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { NervelineError } from '@nerveline/kernel';
import { isAlive, ownIdentity } from '@nerveline/process-identity';
import { z } from 'zod';
import { isSystemError, makeDirectory, readIfThere, writeWhole } from './whole-file';

/** What this version writes; it reads nothing newer. */
const FORMAT = 1;

/** A start needs this much: a fresh database, its first WAL files and the log's first pages. */
const MIN_FREE_BYTES = 400 * 1_048_576;

const marker = z.object({ format: z.int() });
const holder = z.object({ pid: z.int(), started: z.string() });

/** Everything that lasts, in one directory that one run holds at a time. */
export interface DataDirectory {
  readonly path: string;
  /** A path below it. */
  at(...parts: string[]): string;
  /** Empties it but for the hold on it. */
  reset(): void;
  /** Lets the next run have it. */
  release(): void;
}

/**
 * Takes hold of a data directory, making it when there is none.
 *
 * @throws NervelineError `NL-HST-003` in use, `NL-HST-004` no space, `NL-HST-010` not ours or newer, `NL-HST-013`
 */
export function holdDataDirectory(given: string, min_free_bytes = MIN_FREE_BYTES): DataDirectory {
  const path = resolve(given);
  const at = (...parts: string[]) => join(path, ...parts);
  try {
    makeDataDirectory(path);
    checkMarker(path);
    checkSpace(path, min_free_bytes);
    takeHold(at('host.lock'), path);
    writeWhole(at('nerveline.json'), JSON.stringify({ format: FORMAT }));
  } catch (error) {
    throw explain(error, path);
  }
  return {
    path,
    at,
    reset: () => {
      for (const name of readdirSync(path)) {
        if (name !== 'host.lock' && name !== 'nerveline.json') rmSync(at(name), { recursive: true, force: true });
      }
    },
    release: () => rmSync(at('host.lock'), { force: true }),
  };
}

function makeDataDirectory(path: string): void {
  try {
    makeDirectory(path, 0o755);
  } catch (error) {
    // The directory above is there: its file system has no place for this one.
    if (!isSystemError(error, 'ENOENT')) throw error;
    throw new NervelineError('NL-HST-013', { detail: `${path} can't be made there`, cause: error });
  }
}

/** A failure of the file system in the words of the catalogue; any other error as it is. */
export function explain(error: unknown, path: string): unknown {
  if (isSystemError(error, 'ENOSPC', 'EDQUOT') || tellsOfFullDisk(error)) {
    return new NervelineError('NL-HST-004', {
      detail: `the disk of ${path} is full: free some space, or choose another disk with --data DIR`,
      cause: error,
    });
  }
  if (isSystemError(error, 'EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST')) {
    return new NervelineError('NL-HST-013', { detail: `${path} can't be written as a directory`, cause: error });
  }
  return error;
}

/** PostgreSQL and its tools, and programs of ours that ended with it, tell it in their text only. */
function tellsOfFullDisk(error: unknown): boolean {
  return error instanceof Error && /No space left on device|ENOSPC/.test(error.message);
}

function checkMarker(path: string): void {
  const text = readIfThere(join(path, 'nerveline.json'));
  if (text === undefined) {
    // Never mix with, and with --reset never delete, what somebody else keeps there.
    const foreign = readdirSync(path).filter((name) => name !== 'host.lock');
    if (foreign.length === 0) return;
    throw new NervelineError('NL-HST-010', {
      detail: `${path} holds something else than Nerveline's data: choose another directory with --data DIR`,
    });
  }
  const found = marker.safeParse(JSON.parse(text));
  if (found.success && found.data.format <= FORMAT) return;
  throw new NervelineError('NL-HST-010', { detail: `the data in ${path} was written by a newer version` });
}

/** `link` makes the lock appear whole or not at all, so that two runs that start together can't both have it. */
function takeHold(lock: string, path: string): void {
  const draft = `${lock}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(ownIdentity()));
  try {
    for (;;) {
      try {
        linkSync(draft, lock);
        return;
      } catch (error) {
        if (!isSystemError(error, 'EEXIST')) throw error;
      }
      const text = readIfThere(lock);
      if (text === undefined) continue;
      const found = holder.safeParse(JSON.parse(text || 'null'));
      if (found.success && isAlive(found.data)) {
        throw new NervelineError('NL-HST-003', {
          detail: `${path} is in use by another run (process ${found.data.pid}): stop that, or choose another directory with --data DIR`,
        });
      }
      // Its holder was killed.
      rmSync(lock, { force: true });
    }
  } finally {
    rmSync(draft, { force: true });
  }
}

function checkSpace(path: string, min_free_bytes: number): void {
  const { bavail, bsize } = statfsSync(path);
  const free_bytes = bavail * bsize;
  if (free_bytes >= min_free_bytes) return;
  const megabytes = (bytes: number) => Math.floor(bytes / 1_048_576);
  throw new NervelineError('NL-HST-004', {
    detail: `the disk of ${path} has ${megabytes(free_bytes)} MB free, a start needs ${megabytes(min_free_bytes)} MB: free some, or choose another disk with --data DIR`,
  });
}
