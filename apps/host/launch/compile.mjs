import { copyFile, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { DIST, ROOT } from './paths.mjs';
import { LaunchFailure } from './progress.mjs';
import { digestOf, stateOf } from './sources.mjs';

const PLACES = ['apps', 'libs', 'test/bench', 'test/integration'];
const STAMP = join(DIST, '.compiled.json');

/** Apps, libs, benches and the stages they share with tests; without specs and the dashboard, which Vite builds. */
const isSource = (path) =>
  /^(apps|libs)\/[^/]+\/src\/|^test\/(bench|integration)\//.test(path) &&
  !path.startsWith('apps/dashboard/') &&
  !/\.spec\.tsx?$/.test(path);

/** What has to be compiled, and what the last build left that no source stands for any more. */
export function planCompilation() {
  const recipe = digestOf('.swcrc', 'tsconfig.json', 'apps/host/launch/compile.mjs');
  const now = Object.assign({}, ...PLACES.map((place) => stateOf(place, isSource)));
  const last = readStamp();
  const known = last.recipe === recipe ? last.files : {};
  return {
    changed: Object.keys(now).filter((path) => known[path] !== now[path]),
    removed: Object.keys(last.files).filter((path) => now[path] === undefined),
    stamp: { recipe, files: now },
  };
}

/**
 * Compiles what changed to dist/, file by file, with the aliases of tsconfig.json rewritten to relative paths, so that
 * plain Node runs the result.
 */
export async function compile({ changed, removed, stamp }) {
  if (changed.length === 0 && removed.length === 0) return;
  const swc = await import('@swc/core');
  const options = swcOptions();
  const failures = [];
  for (const path of changed) {
    try {
      await compileOne(swc, path, options);
    } catch (error) {
      if (error.code === 'ENOSPC') throw error;
      failures.push(`${path}: ${error.message}`);
    }
  }
  if (failures.length > 0) throw new LaunchFailure(`The build failed:\n${failures.join('\n')}`);
  for (const path of removed) {
    const target = targetOf(path);
    await Promise.all([rm(target, { force: true }), rm(`${target}.map`, { force: true })]);
  }
  await writeWhole(STAMP, JSON.stringify(stamp));
}

async function compileOne(swc, path, options) {
  const target = targetOf(path);
  await mkdir(dirname(target), { recursive: true });
  if (target.endsWith(basename(path))) return copyFile(join(ROOT, path), target);
  const { code, map } = await swc.transformFile(join(ROOT, path), options);
  const name = basename(target);
  await writeWhole(`${target}.map`, map ?? '');
  await writeWhole(target, `${code}//# sourceMappingURL=${name}.map\n`);
}

/** Two builds at once, or a reader beside one, never see half a file. */
async function writeWhole(path, content) {
  const draft = `${path}.${process.pid}`;
  await mkdir(dirname(path), { recursive: true });
  await writeFile(draft, content);
  await rename(draft, path);
}

function targetOf(path) {
  return join(DIST, path.replace(/(?<!\.d)\.tsx?$/, '.js'));
}

function swcOptions() {
  const { $schema: _, ...recipe } = JSON.parse(readFileSync(join(ROOT, '.swcrc'), 'utf8'));
  const { paths } = JSON.parse(readFileSync(join(ROOT, 'tsconfig.json'), 'utf8')).compilerOptions;
  return { ...recipe, swcrc: false, jsc: { ...recipe.jsc, baseUrl: ROOT, paths } };
}

function readStamp() {
  try {
    return JSON.parse(readFileSync(STAMP, 'utf8'));
  } catch {
    return { recipe: '', files: {} };
  }
}
