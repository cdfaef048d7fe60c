import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './paths.mjs';
import { LaunchFailure, step } from './progress.mjs';

/**
 * Does node_modules hold what the lock file asks for? npm notes what it installed in node_modules/.package-lock.json;
 * comparing the two, rather than their times, survives a checkout, which touches files without changing them.
 */
export function isInstalled(root = ROOT) {
  const wanted = packagesOf(join(root, 'package-lock.json'));
  const installed = packagesOf(join(root, 'node_modules', '.package-lock.json'));
  if (wanted === undefined || installed === undefined) return false;
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === '') return true;
    // Optional packages are those of other platforms, too.
    if (installed[path] === undefined) return entry.optional === true || entry.devOptional === true;
    return installed[path].version === entry.version;
  });
}

/** Installs from the lock file when node_modules is missing or doesn't fit it. */
export async function ensureInstalled() {
  if (isInstalled()) return;
  await step('Installing packages (npm ci)', () => {
    const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
    const run = spawnSync(npm, ['ci', '--include=dev', '--loglevel=error', '--no-audit', '--no-fund'], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
      encoding: 'utf8',
      shell: process.platform === 'win32',
    });
    if (run.status === 0) return;
    const output = `${run.stdout ?? ''}${run.stderr ?? ''}${run.error?.message ?? ''}`;
    if (output.includes('ENOSPC')) throw new LaunchFailure('The disk is full: npm ci could not write node_modules.');
    throw new LaunchFailure(`npm ci failed:\n${output.trim().split('\n').slice(-15).join('\n')}`);
  });
}

function packagesOf(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages;
  } catch {
    return undefined;
  }
}
