import { findLongParameterLists } from './parameters';
import { trackedFiles } from './tidiness';

const inFile = (text: string) => findLongParameterLists({ path: 'a.ts', text });

test('a function with five parameters is found, in whatever form', () => {
  expect(inFile('function f(a, b, c, d, e) {}')).toEqual(['a.ts:1: 5 parameters']);
  expect(inFile('\nconst f = (a, b, c, d, e) => 1;')).toEqual(['a.ts:2: 5 parameters']);
  expect(inFile('class A { m(a, b, c, d, e) {} }')).toHaveLength(1);
  expect(inFile('interface A { m(a: 1, b: 1, c: 1, d: 1, e: 1): void }')).toHaveLength(1);
});

test('a constructor may have six, for what is injected', () => {
  expect(inFile('class A { constructor(a, b, c, d, e, f) {} }')).toEqual([]);
  expect(inFile('class A { constructor(a, b, c, d, e, f, g) {} }')).toHaveLength(1);
  expect(inFile('const p = { useFactory: (a, b, c, d, e, f) => 1 };')).toEqual([]);
  expect(inFile('const p = { useFactory: (a, b, c, d, e, f, g) => 1 };')).toHaveLength(1);
});

test('no function of ours takes more parameters than a reader can keep apart', () => {
  const sources = trackedFiles().filter(
    ({ path }) => /^(apps|libs)\/.*[.]tsx?$/.test(path) && !/[.]spec[.]tsx?$/.test(path),
  );
  expect(sources.flatMap(findLongParameterLists)).toEqual([]);
});
