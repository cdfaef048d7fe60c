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
import { endJest, runJest, unmatched } from './runner/jest.mjs';
import { findPrograms } from './runner/programs.mjs';
import { closingLine, printParts, printSkipped, reasonOf, staysSkipped } from './runner/report.mjs';
import { startPostgres, startRedis } from './runner/servers.mjs';

const QUICK = ['unit', 'architecture'];
const WITH_SERVERS = ['integration', 'guarantees', 'e2e'];
const PARTS = ['check', ...QUICK, ...WITH_SERVERS];
const QUICK_DEADLINE_MS = 180_000;
const SLOW_DEADLINE_MS = 2_400_000;
const LONG_DEADLINE_MS = 4 * 3_600_000;

const words = process.argv.slice(2);
const long = words.includes('--long') || process.env.NERVELINE_LONG === '1';
const requireAll = process.env.REQUIRE_ALL === '1';
const named = words.filter((word) => PARTS.includes(word));
/** None is known but --long. */
const options = words.filter((word) => word.startsWith('-') && word !== '--long');
const patterns = words.filter((word) => !PARTS.includes(word) && !word.startsWith('-'));
const parts = new Set(named.length > 0 ? named : patterns.length > 0 ? PARTS.slice(1) : PARTS);

/** @type {import('./runner/report.mjs').Total} */
const total = { passed: 0, failed: 0, skipped: [], troubles: [] };
/** @type {import('./runner/report.mjs').Part[]} */
const ran = [];
const running = [];
/**
 * Ends the process; until then nothing else is begun.
 *
 * @type {Promise<void> | undefined}
 */
let stopping;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.once(signal, () => {
    total.failed += 1;
    total.troubles.push(`the run was stopped by ${signal}`);
    // The servers' keepers see their pipe close.
    stopping = endJest().finally(() => {
      finish();
      process.exit(1);
    });
  });
}

try {
  await main();
} catch (error) {
  await stopping;
  total.failed += 1;
  total.troubles.push(error instanceof Error ? error.message : String(error));
} finally {
  await stopping;
  await Promise.all(running.map((server) => server.stop()));
}
finish();

async function main() {
  await ensureInstalled();
  const unknown = [
    ...options,
    ...(await unmatched(
      [...parts].filter((part) => part !== 'check'),
      patterns,
    )),
  ];
  if (unknown.length > 0) {
    throw new Error(
      `no test has ${unknown.map((word) => `'${word}'`).join(' or ')} in its path, and the parts are ${PARTS.join(', ')}`,
    );
  }
  await ensureBuilt({ dashboard: parts.has('e2e') || parts.has('guarantees') });
  if (parts.has('check')) add([await runChecks()]);

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
  await stopping;
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

function add(parts) {
  for (const { passed, failed, skipped, troubles } of parts) {
    total.passed += passed;
    total.failed += failed;
    total.skipped.push(...skipped);
    total.troubles.push(...troubles);
  }
  ran.push(...parts);
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
  if (ran.length > 0) printParts(ran);
  printSkipped(total.skipped);
  for (const trouble of total.troubles) console.log(`FAILED: ${trouble}`);
  process.exitCode = total.failed === 0 ? 0 : 1;
  console.log(closingLine(total));
}
