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
