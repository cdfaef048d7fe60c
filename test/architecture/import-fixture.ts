import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ROOT = resolve(__dirname, '../..');
const LIBS = [
  'kernel',
  'process-identity',
  'contracts',
  'cdc',
  'log',
  'state',
  'push',
  'stream',
  'service-defaults',
  'testing',
];
const PACKAGES = { dependencies: ['zod', 'lmdb', '@nestjs/common', '@turf/turf'], devDependencies: ['jest-like'] };

/** One module of the tree with what it imports. */
export interface PlantedImport {
  readonly from: string;
  /** As it stands behind `from` in the import. */
  readonly to: string;
  readonly type_only?: boolean;
}

export interface Violation {
  readonly rule: string;
  readonly from: string;
}

/** Writes a small tree of the project's shape, with these imports in it. */
export function writeTree(directory: string, imports: readonly PlantedImport[]): void {
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), text);
  };
  for (const file of ['.dependency-cruiser.cjs', 'tsconfig.json'])
    copyFileSync(join(ROOT, file), join(directory, file));
  for (const lib of LIBS) write(`libs/${lib}/src/index.ts`, `export { value } from './value';\n`);
  for (const lib of LIBS) write(`libs/${lib}/src/value.ts`, 'export const value = 1;\n');
  for (const app of ['alpha', 'beta']) write(`apps/${app}/src/main.ts`, 'export const value = 1;\n');
  for (const part of ['domain', 'application', 'adapters']) {
    write(`apps/alpha/src/${part}/value.ts`, 'export const value = 1;\n');
  }
  write('test/value.ts', 'export const value = 1;\n');
  write('libs/log/src/value.spec.ts', 'export const value = 1;\n');
  const versions = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, '1.0.0']));
  write(
    'package.json',
    JSON.stringify({
      dependencies: versions(PACKAGES.dependencies),
      devDependencies: versions(PACKAGES.devDependencies),
    }),
  );
  for (const name of [...PACKAGES.dependencies, ...PACKAGES.devDependencies]) {
    write(`node_modules/${name}/package.json`, JSON.stringify({ name, version: '1.0.0', main: 'index.js' }));
    write(`node_modules/${name}/index.js`, 'exports.value = 1;\n');
  }
  for (const { from, to, type_only } of imports) {
    write(
      from,
      `import ${type_only === true ? 'type ' : ''}{ value } from '${to}';\nexport type Used = typeof value;\nexport const used = ${type_only === true ? 1 : 'value'};\n`,
    );
  }
}

/** What the project's own rules find in the tree. */
export async function findViolations(directory: string): Promise<readonly Violation[]> {
  const program = join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const parameters = [program, '--config', '.dependency-cruiser.cjs', '--output-type', 'json', 'apps', 'libs', 'test'];
  const { stdout } = await run(process.execPath, parameters, { cwd: directory, maxBuffer: 64 * 1_048_576 }).catch(
    // The exit code is the number of violations.
    (error: unknown) => error as { stdout: string },
  );
  const { summary } = JSON.parse(stdout) as { summary: { violations: { rule: { name: string }; from: string }[] } };
  return summary.violations.map(({ rule, from }) => ({ rule: rule.name, from }));
}

/** The names of all rules that the project has. */
export function ruleNames(): readonly string[] {
  // eslint-disable-next-line typescript/no-require-imports
  const { forbidden } = require(join(ROOT, '.dependency-cruiser.cjs')) as { forbidden: { name: string }[] };
  return forbidden.map(({ name }) => name);
}
