import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DIST, ROOT } from './paths.mjs';
import { LaunchFailure } from './progress.mjs';
import { digestOf, stateOf } from './sources.mjs';

const STAMP = join(DIST, '.dashboard.json');
const TARGET = join(DIST, 'dashboard');

/** Does the page have to be built again? */
export function planDashboard() {
  if (!existsSync(join(ROOT, 'apps/dashboard/index.html'))) return { stale: false, stamp: '' };
  const isInput = (path) => !/\.spec\.tsx?$/.test(path);
  const stamp = JSON.stringify({
    packages: digestOf('package-lock.json'),
    ...stateOf('apps/dashboard', isInput),
    // The page shares its event and stream definitions with the services.
    ...stateOf('libs/contracts/src', isInput),
    ...stateOf('libs/kernel/src', isInput),
  });
  return { stale: !existsSync(TARGET) || readStamp() !== stamp, stamp };
}

/** Builds the page beside the old one and swaps them, so that a gateway that serves it never sees half a page. */
export async function buildDashboard({ stale, stamp }) {
  if (!stale) return;
  const draft = `${TARGET}.${process.pid}`;
  const old = `${TARGET}.old-${process.pid}`;
  await mkdir(DIST, { recursive: true });
  try {
    await vite(['build', join(ROOT, 'apps/dashboard'), '--outDir', draft, '--emptyOutDir', '--logLevel', 'warn']);
    if (existsSync(TARGET)) await rename(TARGET, old);
    await rename(draft, TARGET);
    await writeFile(STAMP, stamp);
  } finally {
    await Promise.all([draft, old].map((path) => rm(path, { recursive: true, force: true })));
  }
}

/** As a process of its own: a bundler leaves hundreds of megabytes behind that the host must not carry. */
function vite(parameters) {
  return new Promise((resolve, reject) => {
    const program = join(ROOT, 'node_modules/vite/bin/vite.js');
    const child = spawn(process.execPath, [program, ...parameters], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NO_COLOR: '1' },
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new LaunchFailure(`The build of the dashboard failed:\n${output.trim()}`));
    });
  });
}

function readStamp() {
  try {
    return readFileSync(STAMP, 'utf8');
  } catch {
    return '';
  }
}
