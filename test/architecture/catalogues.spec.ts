import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { topicCatalogue } from '@nerveline/contracts';
import { catalogue } from '@nerveline/kernel';

const ROOT = resolve(__dirname, '../..');
const ERRORS = join(ROOT, 'libs/kernel/src/errors');

describe('the error catalogue', () => {
  test.each(Object.entries(catalogue))('%s says what it means and what to do', (code, { meaning, action }) => {
    expect(code).toMatch(/^NL-[A-Z]{3}-\d{3}$/);
    expect(meaning).toMatch(/^\S.+[.)]$/);
    expect(action).toMatch(/^\S.{3,}/);
  });

  test('has each code once: a second one would silently take its place', () => {
    const written = readdirSync(ERRORS).flatMap((file) =>
      [...readFileSync(join(ERRORS, file), 'utf8').matchAll(/^ {2}'(NL-[A-Z]+-\d+)': \{/gm)].map(
        ([, code = '']) => code,
      ),
    );
    expect(written.toSorted()).toEqual(Object.keys(catalogue).toSorted());
  });
});

describe('the topic catalogue', () => {
  test('names owners that are apps', () => {
    const owners = new Set(topicCatalogue.map(({ owner }) => owner));
    expect([...owners].filter((owner) => !existsSync(join(ROOT, 'apps', owner, 'src/main.ts')))).toEqual([]);
  });

  test('has each name once', () => {
    const names = topicCatalogue.map(({ name }) => name);
    expect(names.length).toBe(new Set(names).size);
  });
});

test('each lib stands in tsconfig.json and nest-cli.json, and nothing else does', () => {
  const read = (file: string): unknown => JSON.parse(readFileSync(join(ROOT, file), 'utf8'));
  const libs = readdirSync(join(ROOT, 'libs')).toSorted();
  const { compilerOptions } = read('tsconfig.json') as { compilerOptions: { paths: Record<string, string[]> } };
  expect(Object.keys(compilerOptions.paths).toSorted()).toEqual(libs.map((lib) => `@nerveline/${lib}`));
  const { projects } = read('nest-cli.json') as { projects: Record<string, { root: string; type: string }> };
  const ofType = (type: string) =>
    Object.values(projects)
      .filter((project) => project.type === type)
      .map(({ root }) => root)
      .toSorted();
  expect(ofType('library')).toEqual(libs.map((lib) => `libs/${lib}`));
  const programs = readdirSync(join(ROOT, 'apps')).filter((app) => existsSync(join(ROOT, 'apps', app, 'src/main.ts')));
  expect(ofType('application')).toEqual(programs.toSorted().map((app) => `apps/${app}`));
});

test('the lock file holds the packages of every platform, without which npm ci refuses it', () => {
  const text = readFileSync(join(ROOT, 'package-lock.json'), 'utf8');
  const { packages } = JSON.parse(text) as {
    packages: Record<string, { optionalDependencies?: Record<string, string> }>;
  };
  const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter((name) => !isLocked(packages, path, name)),
  );
  expect(missing).toEqual([]);
});

/** Node's own search: beside the package, then beside each that it lies in. */
function isLocked(packages: Readonly<Record<string, unknown>>, from: string, name: string): boolean {
  if (`${from}/node_modules/${name}` in packages || `node_modules/${name}` in packages) return true;
  const outer = from.lastIndexOf('/node_modules/');
  return outer > 0 && isLocked(packages, from.slice(0, outer), name);
}
