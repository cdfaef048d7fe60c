import { findUntidy, habits, type SourceFile, staleExceptions, trackedFiles } from './tidiness';

/** For each habit a file that breaks it. */
const PLANTED: Readonly<Record<keyof typeof habits, SourceFile>> = {
  'settings are read in one place': { path: 'libs/log/src/a.ts', text: 'const port = process.env.PORT;' },
  'a file can be read in one sitting': { path: 'libs/log/src/a.ts', text: 'x;\n'.repeat(301) },
  'a name says what is in it': { path: 'libs/log/src/utils.ts', text: '' },
  'no path of one machine, no download address': { path: 'docs/a.md', text: ['see ', 'work', 'main'].join('/') },
  'nothing is left for later': { path: 'libs/log/src/a.ts', text: ['//', 'TO' + 'DO', 'later'].join(' ') },
  'no test is skipped, left alone or asleep': {
    path: 'libs/log/src/a.spec.ts',
    text: ['test', `skip('x', () => {});`].join('.'),
  },
};

const files = trackedFiles();

test('the files of the project are found', () => {
  expect(files.map(({ path }) => path)).toEqual(expect.arrayContaining(['package.json', 'libs/kernel/src/index.ts']));
});

describe.each(Object.keys(habits) as (keyof typeof habits)[])('%s', (name) => {
  test('holds in the whole project', () => {
    expect(findUntidy(name, files)).toEqual([]);
  });

  test('and a file that breaks it would be found', () => {
    expect(findUntidy(name, [PLANTED[name]])).toHaveLength(1);
  });
});

test('no file is excused from its length that has become short', () => {
  expect(staleExceptions(files)).toEqual([]);
});
