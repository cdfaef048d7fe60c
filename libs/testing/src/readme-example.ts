import { readFileSync } from 'node:fs';
import { transformSync } from '@swc/core';

export interface ExampleRun {
  /** What the example said it prints: its `// prints …` comments. */
  readonly promised: readonly string[];
  /** What it printed. */
  readonly printed: readonly string[];
}

/** `{ a as b, type C }` of an import, as the pattern of a destructuring. */
const toPattern = (names: string): string => names.replaceAll(/\btype \w+,?/g, '').replaceAll(' as ', ': ');

const IMPORT = /^import (\{[^}]*\}|\w+) from ('[^']+');$/gm;

/**
 * Runs a TypeScript example of a README, the first unless told, word for word, with `console.log` caught.
 *
 * @param load the caller's `require`, so that the example's imports lead where the test's do
 */
export async function runReadmeExample(path: string, load: (id: string) => unknown, index = 0): Promise<ExampleRun> {
  const [, source] = [...readFileSync(path, 'utf8').matchAll(/```ts\n([\s\S]*?)```/g)][index] ?? [];
  if (source === undefined) throw new Error(`${path} has no TypeScript example ${index + 1}`);
  const printed: string[] = [];
  const print = (...words: unknown[]) => printed.push(words.map(String).join(' '));
  // Imports become requires and the rest a function, since an example may await at its top.
  const statements = source.replaceAll(/^export /gm, '');
  const body = `module.exports = async () => {\n${statements.replaceAll(IMPORT, (_, names: string, from: string) => `const ${toPattern(names)} = load(${from});`)}\n};`;
  const { code } = transformSync(body, {
    filename: 'example.ts',
    swcrc: false,
    jsc: {
      parser: { syntax: 'typescript', decorators: true },
      transform: { legacyDecorator: true, decoratorMetadata: true },
      target: 'es2022',
    },
    isModule: false,
  });
  const module: { exports?: () => Promise<void> } = {};
  // A text of our own repo, in the caller's realm, so that its errors and arrays are those of the code under test.
  // oxlint-disable-next-line typescript/no-implied-eval, typescript/no-unsafe-call
  new Function('load', 'console', 'module', code)(load, { log: print }, module);
  await module.exports?.();
  return { promised: [...source.matchAll(/\/\/ prints (.*)$/gm)].map(([, text = '']) => text), printed };
}
