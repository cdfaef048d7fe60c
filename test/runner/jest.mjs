import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from './paths.mjs';

/** How long Jest may go on after it has written its results: a test left something open when it takes longer. */
const EXIT_GRACE_MS = 15_000;

/**
 * Runs some Jest projects and counts.
 *
 * @param {{ projects: string[], patterns: string[], workers: number, deadline_ms: number, env: object }} group
 */
export async function runJest({ projects, patterns, workers, deadline_ms, env }) {
  const directory = mkdtempSync(join(tmpdir(), 'nerveline-jest-'));
  const results = join(directory, 'results.json');
  const parameters = [
    ...['--selectProjects', ...projects],
    ...(patterns.length > 0 ? ['--testPathPatterns', ...patterns] : []),
    ...['--passWithNoTests', '--json', `--outputFile=${results}`, `--maxWorkers=${workers}`],
  ];
  try {
    const ending = await spawnJest({ parameters, results, deadline_ms, env });
    return count(existsSync(results) ? JSON.parse(readFileSync(results, 'utf8')) : undefined, ending);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Resolves with what went wrong beside failing tests, if anything did. */
function spawnJest({ parameters, results, deadline_ms, env }) {
  return new Promise((resolve, reject) => {
    // A group of its own, so that everything it started can be ended with it. Its JSON on stdout is not for the reader.
    const child = spawn(process.execPath, [join(ROOT, 'node_modules/jest/bin/jest.js'), ...parameters], {
      cwd: ROOT,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'ignore', 'inherit'],
      detached: true,
    });
    let trouble;
    let written_ms;
    const begun_ms = Date.now();
    const end = (signal) => {
      try {
        process.kill(-child.pid, signal);
      } catch {
        // It ended meanwhile.
      }
    };
    const watch = setInterval(() => {
      if (existsSync(results)) written_ms ??= Date.now();
      if (Date.now() - begun_ms > deadline_ms) trouble ??= `the tests took longer than ${deadline_ms / 1_000} s`;
      else if (written_ms !== undefined && Date.now() - written_ms > EXIT_GRACE_MS) {
        trouble ??= 'a test left something open, so that Jest did not exit';
      }
      if (trouble !== undefined) end('SIGKILL');
    }, 500);
    const interrupted = () => end('SIGKILL');
    process.once('exit', interrupted);
    child.on('error', reject);
    child.on('close', (code) => {
      clearInterval(watch);
      process.off('exit', interrupted);
      resolve(trouble ?? (existsSync(results) ? undefined : `Jest ended with code ${code} and without results`));
    });
  });
}

function count(report, trouble) {
  const total = { passed: 0, failed: 0, skipped: [], troubles: trouble === undefined ? [] : [trouble] };
  for (const file of report?.testResults ?? []) {
    for (const test of file.assertionResults) {
      if (test.status === 'passed') total.passed += 1;
      else if (test.status === 'failed') total.failed += 1;
      else total.skipped.push({ test: test.fullName, file: file.name.slice(ROOT.length + 1) });
    }
    // A file that didn't even load has no tests to fail.
    if (file.status === 'failed' && !file.assertionResults.some(({ status }) => status === 'failed')) {
      total.troubles.push(`${file.name.slice(ROOT.length + 1)} could not run`);
    }
  }
  total.failed += total.troubles.length;
  return total;
}
