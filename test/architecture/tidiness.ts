import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';

const ROOT = resolve(__dirname, '../..');
const MAX_LINES = 300;

export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** A habit of the project: gives what is wrong with a file, one sentence for each finding. */
export type Habit = (file: SourceFile) => readonly string[];

/** Files that may be longer, each with the reason. */
const LONG_FILES: Readonly<Record<string, string>> = {};

/** Where settings are read; everything else gets them as arguments. */
const READS_ENVIRONMENT = [
  /[.]config[.][a-z]+$/,
  /^libs\/service-defaults\//,
  /^libs\/testing\//,
  /^apps\/host\/launch\//,
  /^test\//,
  /[.]spec[.]tsx?$/,
];

const isCode = (path: string) => /[.](ts|tsx|mjs|cjs)$/.test(path);
const isTest = (path: string) => /[.]spec[.]tsx?$|^test\//.test(path);
const matches = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([found]) => found.trim());

export const habits = {
  'settings are read in one place': ({ path, text }) =>
    isCode(path) && !READS_ENVIRONMENT.some((allowed) => allowed.test(path)) && /\bprocess\.env\b/.test(text)
      ? ['reads process.env outside of *.config.ts, service-defaults and launch scripts']
      : [],
  'a file can be read in one sitting': ({ path, text }) => {
    const lines = text.split('\n').length - 1;
    if (!isCode(path) || isTest(path) || lines <= MAX_LINES || path in LONG_FILES) return [];
    return [`has ${lines} lines, more than ${MAX_LINES}`];
  },
  'a name says what is in it': ({ path }) =>
    /(^|\/)(utils?|helpers?|types|misc|common|shared)[.][a-z]+$/.test(path) ||
    /^libs\/(common|core|shared|utils?)\//.test(path)
      ? ['has a name that says nothing']
      : [],
  'no path of one machine, no download address': ({ path, text }) => [
    ...matches(text, new RegExp(`(?<![\\w.])/(${['work', 'farm', 'root'].join('|')})/[A-Za-z.]\\S*`, 'g')),
    ...(path.endsWith('package-lock.json') ? matches(text, /"resolved": "http[^"]*"/g).slice(0, 1) : []),
    ...(path.endsWith('package-lock.json')
      ? []
      : matches(text, /https?:\/\/[^\s"'/]*(registry|artifactory|nexus)[^\s"']*/g)),
  ],
  'nothing is left for later': ({ path, text }) =>
    isCode(path)
      ? matches(text, new RegExp(`\\b(${['TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X'].join('|')})\\b.*`, 'g'))
      : [],
  'no test is skipped, left alone or asleep': ({ path, text }) =>
    isCode(path) && isTest(path)
      ? [
          ...matches(text, /\b(describe|it|test)\.(only|skip|todo)\(/g),
          ...matches(text, /\b(xit|xdescribe|fit|fdescribe)\(/g),
          // A time that is itself what is measured may pass, with a comment above it that says so.
          ...matches(text, /(?<!\/\/.*\n.*)setTimeout\((resolve|done|r), *[\d_]{3,}\)/g),
        ]
      : [],
} satisfies Record<string, Habit>;

/** What is wrong with the files, by the name of the habit. */
export function findUntidy(name: keyof typeof habits, files: readonly SourceFile[]): readonly string[] {
  return files.flatMap((file) => habits[name](file).map((what: string) => `${file.path}: ${what}`));
}

/** Every text file that is, or is about to be, under version control. */
export function trackedFiles(): readonly SourceFile[] {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 64 * 1_048_576,
  });
  return listed
    .split('\0')
    .filter((path) => path !== '' && !/[.](png|jpe?g|webp|ico|woff2?|pbf|bin|xz)$/.test(path))
    .filter((path) => existsSync(join(ROOT, path)) && statSync(join(ROOT, path)).isFile())
    .map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }));
}

/** The entries of the list of long files that no file needs any more. */
export function staleExceptions(files: readonly SourceFile[]): readonly string[] {
  return Object.keys(LONG_FILES).filter(
    (path) => (files.find((file) => file.path === path)?.text.split('\n').length ?? 0) <= MAX_LINES,
  );
}
