// Everything about the code that can be said without running it: types, lint, import rules, dead code, format. All at
// once, since together they must stay quick enough for every save.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './paths.mjs';

const tool = (path) => join(ROOT, 'node_modules', path);

/** Where tools keep what they know of files that have not changed. */
const cache = (name) => join(ROOT, 'node_modules/.cache', `nerveline-${name}`);
const remembering = (name) => ['--incremental', '--tsBuildInfoFile', cache(name)];

const CHECKS = [
  { name: 'types', run: [tool('typescript7/bin/tsc'), '-p', 'tsconfig.json', ...remembering('types')] },
  {
    name: 'types of the dashboard',
    run: [tool('typescript7/bin/tsc'), '-p', 'apps/dashboard/tsconfig.json', ...remembering('types-dashboard')],
    needs: 'apps/dashboard/tsconfig.json',
  },
  { name: 'lint', run: [tool('oxlint/bin/oxlint'), '--type-aware', '--deny-warnings'] },
  {
    name: 'import rules',
    run: [
      tool('dependency-cruiser/bin/dependency-cruise.mjs'),
      '--config',
      '.dependency-cruiser.cjs',
      // By content: a copy without a repository has its changes found, too.
      ...['--cache', cache('import-rules'), '--cache-strategy', 'content'],
      'apps',
      'libs',
      'test',
    ],
  },
  { name: 'dead code', run: [tool('knip/bin/knip.js'), '--no-progress'] },
  {
    name: 'format',
    run: [
      tool('prettier/bin/prettier.cjs'),
      '--check',
      '--log-level',
      'warn',
      '--cache',
      '--cache-location',
      cache('prettier'),
      '.',
    ],
  },
];

/** Runs one tool and keeps what it says, to be shown only when it found something. */
async function runCheck({ name, run, needs }) {
  if (needs !== undefined && !existsSync(join(ROOT, needs))) return { name, code: 0, output: '', seconds: 0 };
  const begun_ms = Date.now();
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, run, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    child.on('error', reject);
    child.on('close', (code) => resolve({ name, code: code ?? 1, output, seconds: (Date.now() - begun_ms) / 1_000 }));
  });
}

/** Runs all checks and prints one line for each, and what a failed one says. */
export async function runChecks() {
  const begun_ms = Date.now();
  const total = { name: 'check', passed: 0, failed: 0, skipped: [], troubles: [], seconds: 0 };
  for (const { name, code, output, seconds } of await Promise.all(CHECKS.map(runCheck))) {
    console.log(`${code === 0 ? 'ok    ' : 'FAILED'} ${name} (${seconds.toFixed(1)} s)`);
    if (code === 0) total.passed += 1;
    else {
      console.log(`${output.trim()}\n`);
      total.failed += 1;
      total.troubles.push(`check: ${name}`);
    }
  }
  return { ...total, seconds: (Date.now() - begun_ms) / 1_000 };
}
