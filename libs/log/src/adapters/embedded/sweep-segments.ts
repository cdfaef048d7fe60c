import { existsSync, readdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { makerOf, readAllSegments, segmentDirectory } from './segments';
import type { SharedEnvironment } from './shared-environment';

/**
 * Removes segments that no transaction knows: of a process that was killed while it moved one or dropped it. Not while
 * this process moves one itself.
 */
export function sweepSegments(environment: SharedEnvironment): void {
  const directory = segmentDirectory(environment.directory);
  if (!existsSync(directory)) return;
  // In this order: a process that is gone makes nothing known any more, and what it has made known is seen then.
  const left = readdirSync(directory).filter((name) => !isOfAnother(makerOf(name)));
  const known = new Set(environment.read(readAllSegments).map(({ path }) => basename(path)));
  for (const name of left) if (!known.has(name)) rmSync(join(directory, name), { force: true });
}

/** One that lives may be about to make it known. */
function isOfAnother(pid: number): boolean {
  if (pid === process.pid || Number.isNaN(pid)) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
