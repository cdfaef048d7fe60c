// `npm run bench -- NAME [--json] [...]`: runs test/bench/NAME.bench.ts (or .mjs) and prints what it measured, as a table
// or as exactly one JSON object on stdout.
//
// A bench exports `async function run(parameters: readonly string[]): Promise<Record<string, unknown>>`; names of its
// results end with their unit (`p99_ms`). What it prints goes to stderr; what it throws ends the command with code 1.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureBuilt } from '../../apps/host/launch/build.mjs';
import { ensureInstalled } from '../../apps/host/launch/install.mjs';
import { LaunchFailure } from '../../apps/host/launch/progress.mjs';
import { ROOT } from '../runner/paths.mjs';

const HERE = dirname(fileURLToPath(import.meta.url));
const NAME = /^(.+)\.bench\.(ts|mjs)$/;

const words = process.argv.slice(2);
const json = words.includes('--json');
const [name, ...parameters] = words.filter((word) => word !== '--json');

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof LaunchFailure)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}

async function main() {
  const names = readdirSync(HERE).flatMap((file) => NAME.exec(file)?.[1] ?? []);
  if (name === undefined || !names.includes(name)) {
    console.error(`${name === undefined ? 'Which one?' : `There is no bench ${name}.`} npm run bench -- NAME [--json]`);
    console.error(`NAME: ${names.toSorted().join(', ')}`);
    return 1;
  }
  await ensureInstalled();
  await ensureBuilt();
  const source = join(HERE, `${name}.bench.mjs`);
  const file = existsSync(source) ? source : join(ROOT, 'dist/test/bench', `${name}.bench.js`);
  const result = await measure(file);
  if (result === undefined) return 1;
  if (json) console.log(JSON.stringify({ bench: name, ...result }));
  else print(result);
  return 0;
}

async function measure(file) {
  const child = fork(join(ROOT, 'test/runner/bench-child.mjs'), [file, ...parameters], {
    cwd: ROOT,
    // Its stdout is our stderr, so that nothing it says gets between the reader and the result.
    stdio: ['ignore', process.stderr, process.stderr, 'ipc'],
  });
  let result;
  child.on('message', (message) => (result = message.result));
  process.on('SIGINT', () => {});
  const [code] = await once(child, 'close');
  return code === 0 ? result : undefined;
}

function print(result) {
  const rows = Object.entries(result).map(([key, value]) => [
    key,
    typeof value === 'object' ? JSON.stringify(value) : value,
  ]);
  const width = Math.max(...rows.map(([key]) => key.length));
  const [{ model } = { model: 'unknown processor' }] = cpus();
  console.log(
    `bench ${name}: Node ${process.versions.node}, ${cpus().length} x ${model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GB`,
  );
  for (const [key, value] of rows) console.log(`  ${key.padEnd(width)}  ${value}`);
}
