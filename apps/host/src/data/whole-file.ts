import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** Replaces a file in one step: a reader, or a start after a crash, sees the old content or the new one. */
export function writeWhole(path: string, content: string, mode = 0o644): void {
  const draft = `${path}.draft`;
  writeFileSync(draft, content, { mode });
  renameSync(draft, path);
}

/** The file's content; undefined when there is no such file. */
export function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** Did the system refuse with this code? */
export function isSystemError(error: unknown, ...codes: readonly string[]): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && codes.some((code) => code === error.code);
}

/**
 * Makes a directory and those above it. Node's own `recursive` tries for ever where a file system that is there takes no
 * directories, as /proc.
 */
export function makeDirectory(path: string, mode: number): void {
  if (existsSync(path)) return;
  const parent = dirname(path);
  if (parent !== path) makeDirectory(parent, mode);
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    // Another start has made it meanwhile.
    if (isSystemError(error, 'EEXIST') && existsSync(path)) return;
    throw error;
  }
}
