// `npm test`: sets up what it needs, runs everything that this machine can run, and says what it could not and why.
//
//   npm test                    everything: check, unit, architecture, integration, guarantees, e2e
//   npm test -- unit e2e        some parts
//   npm test -- fraud           the tests whose path has the word
//   npm test -- --long          full counts instead of a time-boxed slice (also: npm run test:long)
//
// REQUIRE_ALL=1 makes a missing server or a skipped test a failure. NERVELINE_SEED=N repeats a run's random choices.
import { randomInt } from 'node:crypto';
import { ensureBuilt } from '../apps/host/launch/build.mjs';
import { ensureInstalled } from '../apps/host/launch/install.mjs';
import { runChecks } from './runner/checks.mjs';
import { runJest } from './runner/jest.mjs';
import { findPrograms } from './runner/programs.mjs';
import { closingLine, printSkipped, reasonOf, staysSkipped } from './runner/report.mjs';
import { startPostgres, startRedis } from './runner/servers.mjs';

const QUICK = ['unit', 'architecture'];
const WITH_SERVERS = ['integration', 'guarantees', 'e2e'];
const PARTS = ['check', ...QUICK, ...WITH_SERVERS];
const QUICK_DEADLINE_MS = 180_000;
const SLOW_DEADLINE_MS = 1_500_000;
const LONG_DEADLINE_MS = 4 * 3_600_000;

const words = process.argv.slice(2);
const long = words.includes('--long') || process.env.NERVELINE_LONG === '1';
const requireAll = process.env.REQUIRE_ALL === '1';
const named = words.filter((word) => PARTS.includes(word));
const patterns = words.filter((word) => !PARTS.includes(word) && word !== '--long');
const parts = new Set(named.length > 0 ? named : patterns.length > 0 ? PARTS.slice(1) : PARTS);

/** @type {import('./runner/report.mjs').Total} */
const total = { passed: 0, failed: 0, skipped: [], troubles: [] };
const running = [];

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.once(signal, () => {
    total.failed += 1;
    total.troubles.push(`the run was stopped by ${signal}`);
    finish();
    // Jest and all that it started is killed on exit; the servers' keepers see their pipe close.
    process.exit(1);
  });
}

try {
  await main();
} catch (error) {
  total.failed += 1;
  total.troubles.push(error instanceof Error ? error.message : String(error));
} finally {
  await Promise.all(running.map((server) => server.stop()));
}
finish();

async function main() {
  await ensureInstalled();
  await ensureBuilt({ dashboard: parts.has('e2e') || parts.has('guarantees') });
  if (parts.has('check')) add(await runChecks());

  const seed = process.env.NERVELINE_SEED ?? String(randomInt(2 ** 31));
  console.error(`Seed ${seed}: NERVELINE_SEED=${seed} repeats this run's random choices.`);
  const env = { NERVELINE_SEED: seed, ...(long ? { NERVELINE_LONG: '1' } : {}) };

  const quick = QUICK.filter((part) => parts.has(part));
  if (quick.length > 0) {
    add(
      await runJest({
        projects: quick,
        patterns,
        workers: 2,
        deadline_ms: long ? LONG_DEADLINE_MS : QUICK_DEADLINE_MS,
        env,
      }),
    );
  }
  const slow = WITH_SERVERS.filter((part) => parts.has(part));
  if (slow.length > 0) {
    Object.assign(env, await startServers());
    // One file at a time: these start whole services and measure them.
    add(
      await runJest({
        projects: slow,
        patterns,
        workers: 1,
        deadline_ms: long ? LONG_DEADLINE_MS : SLOW_DEADLINE_MS,
        env,
      }),
    );
  }
}

/** Starts what is there; what isn't is reported, and the tests that need it skip themselves. */
async function startServers() {
  const programs = findPrograms();
  for (const [name, path] of Object.entries(programs)) {
    if (path !== undefined) continue;
    console.error(`${name} was not found; tests that need it are skipped.`);
    if (requireAll) {
      total.failed += 1;
      total.troubles.push(`${name} is missing, and REQUIRE_ALL=1 wants it`);
    }
  }
  const postgres = await startPostgres();
  running.push(postgres);
  const redis = programs['redis-server'] === undefined ? undefined : await startRedis(programs['redis-server']);
  if (redis !== undefined) running.push(redis);
  // An undefined one is taken out of what the tests inherit, too.
  return {
    NERVELINE_TEST_POSTGRES_URL: postgres.url,
    NERVELINE_TEST_REDIS_URL: redis?.url,
    NERVELINE_TEST_CHROMIUM: programs.chromium,
    NERVELINE_TEST_STRACE: programs.strace,
    NERVELINE_TEST_PG_RECVLOGICAL: programs.pg_recvlogical,
  };
}

function add(part) {
  total.passed += part.passed;
  total.failed += part.failed;
  total.skipped.push(...part.skipped);
  total.troubles.push(...part.troubles);
}

function finish() {
  if (requireAll) {
    for (const { test, file } of total.skipped) {
      if (staysSkipped(test)) continue;
      total.failed += 1;
      total.troubles.push(`${file}: skipped (${reasonOf(test)}), and REQUIRE_ALL=1 allows no skip`);
    }
    total.skipped = total.skipped.filter(({ test }) => staysSkipped(test));
  }
  printSkipped(total.skipped);
  for (const trouble of total.troubles) console.log(`FAILED: ${trouble}`);
  process.exitCode = total.failed === 0 ? 0 : 1;
  console.log(closingLine(total));
}
