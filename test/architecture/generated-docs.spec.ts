import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { generatedPages } from '../docs/pages';

/** Prettier aligns the columns of tables; what they say is compared. */
const squeeze = (text: string): string => text.replaceAll(/ +/g, ' ').replaceAll(/-+/g, '-');

test.each(Object.entries(generatedPages))(
  'docs/%s says what the catalogue says (npm run docs writes it)',
  (name, page) => {
    expect(squeeze(readFileSync(resolve('docs', name), 'utf8'))).toBe(squeeze(page()));
  },
);

test('links between the pages lead somewhere', () => {
  const pages = ['README.md', 'docs/add-a-service.md', 'docs/architecture.md', 'docs/operations.md'];
  const broken = pages.flatMap((page) => {
    const text = readFileSync(page, 'utf8');
    return [...text.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)]
      .map(([, link = '']) => resolve(page, '..', link))
      .filter((path) => !existsSync(path));
  });
  expect(broken).toEqual([]);
});
