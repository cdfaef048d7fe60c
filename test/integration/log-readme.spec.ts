import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { createTempDirectory } from '@nerveline/testing';

/** The first TypeScript example of a README, and what the text behind it says that it prints. */
function firstExample(readme: string): { source: string; prints: string } {
  const [, source = '', prints = ''] = /```ts\n([\s\S]*?)```\s+prints `([^`]*)`/.exec(readme) ?? [];
  const lines = source.split('\n');
  const imports = lines.filter((line) => line.startsWith('import '));
  const body = lines.filter((line) => !line.startsWith('import '));
  // Examples await at the top, which a CommonJS program can't.
  return { source: [...imports, 'async function main() {', ...body, '}', 'void main();'].join('\n'), prints };
}

test.each(['log', 'state'])('the first example of libs/%s prints what its README says', async (lib) => {
  await using directory = await createTempDirectory();
  const { source, prints } = firstExample(readFileSync(resolve('libs', lib, 'README.md'), 'utf8'));
  const program = join(directory.path, 'example.ts');
  writeFileSync(program, source);
  const { stdout } = await promisify(execFile)(process.execPath, [program], {
    env: { ...process.env, TMPDIR: directory.path },
  });
  expect(prints).not.toBe('');
  expect(stdout.trim()).toBe(prints);
});
