import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from './paths.mjs';
import { startGroup } from './process-group.mjs';

/** How long Jest may go on after it has written its results: a test left something open when it takes longer. */
const EXIT_GRACE_MS = 15_000;

const JEST = join(ROOT, 'node_modules/jest/bin/jest.js');

/** What runs now, to be ended when the run is. */
let running;

/** Ends Jest and all that its tests have started, and resolves when none of it is left. */
export const endJest = async () => running?.end();

/** The words of these that are in no path of a test in these projects. */
export async function unmatched(projects, patterns) {
  if (projects.length === 0) return patterns;
  const missing = [];
  for (const pattern of patterns) {
    const parameters = [JEST, '--listTests', '--selectProjects', ...projects, '--testPathPatterns', pattern];
    const { stdout } = await promisify(execFile)(process.execPath, parameters, { cwd: ROOT });
    if (!stdout.split('\n').some((line) => line.startsWith(ROOT))) missing.push(pattern);
  }
  return missing;
}

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
    return count(existsSync(results) ? JSON.parse(readFileSync(results, 'utf8')) : undefined, projects, ending);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Resolves with what went wrong beside failing tests, if anything did. */
function spawnJest({ parameters, results, deadline_ms, env }) {
  return new Promise((resolve, reject) => {
    const group = startGroup({
      command: process.execPath,
      parameters: [JEST, ...parameters],
      cwd: ROOT,
      env: { ...process.env, ...env },
      // Its JSON on stdout is not for the reader.
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const { child } = group;
    running = group;
    let trouble;
    let written_ms;
    const begun_ms = Date.now();
    const watch = setInterval(() => {
      if (existsSync(results)) written_ms ??= Date.now();
      if (trouble !== undefined) return;
      if (Date.now() - begun_ms > deadline_ms) trouble = `the tests took longer than ${deadline_ms / 1_000} s`;
      else if (written_ms !== undefined && Date.now() - written_ms > EXIT_GRACE_MS) {
        trouble = 'a test left something open, so that Jest did not exit';
      }
      if (trouble !== undefined) void group.end();
    }, 500);
    process.once('exit', group.endAtOnce);
    child.on('error', reject);
    child.on('close', (code) => {
      clearInterval(watch);
      process.off('exit', group.endAtOnce);
      // A test that was killed, or forgot, leaves nothing to the next part.
      void group.end().then(() => {
        running = undefined;
        resolve(trouble ?? (existsSync(results) ? undefined : `Jest ended with code ${code} and without results`));
      });
    });
  });
}

/** Counts for each project; what went wrong with the run itself belongs to the last one. */
function count(report, projects, trouble) {
  const parts = projects.map((name) => ({ name, passed: 0, failed: 0, skipped: [], troubles: [], seconds: 0 }));
  for (const file of report?.testResults ?? []) {
    const path = file.name.slice(ROOT.length + 1);
    const part = parts.find(({ name }) => path.startsWith(`test/${name}/`)) ?? parts[0];
    part.seconds += (file.endTime - file.startTime) / 1_000;
    for (const test of file.assertionResults) {
      if (test.status === 'passed') part.passed += 1;
      else if (test.status === 'failed') part.failed += 1;
      else part.skipped.push({ test: test.fullName, file: path });
    }
    // A file that didn't even load has no tests to fail.
    if (file.status === 'failed' && !file.assertionResults.some(({ status }) => status === 'failed')) {
      part.troubles.push(`${path} could not run`);
    }
  }
  if (trouble !== undefined) parts.at(-1).troubles.push(trouble);
  for (const part of parts) part.failed += part.troubles.length;
  return parts;
}
