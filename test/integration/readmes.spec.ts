import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { runReadmeExample, stopOwnPostgres } from '@nerveline/testing';

afterAll(stopOwnPostgres);

test.each(readdirSync('libs'))(
  'the first example in the README of libs/%s does what its comments say',
  async (lib) => {
    const { promised, printed } = await runReadmeExample(
      join('libs', lib, 'README.md'),
      (id) => require(id) as unknown,
    );
    expect(promised.length).toBeGreaterThan(0);
    expect(printed).toEqual(promised);
  },
  30_000,
);

test('the example of the processor in the README of libs/log does what its comments say', async () => {
  const load = (id: string) => require(id) as unknown;
  const { promised, printed } = await runReadmeExample('libs/log/README.md', load, 1);
  expect(promised).toHaveLength(3);
  expect(printed).toEqual(promised);
}, 30_000);
