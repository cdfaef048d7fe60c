import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { runShellSteps, shellSteps, startPlatform, toPattern, type TestPlatform } from '@nerveline/testing';

test('the first ten minutes go as the README says', async () => {
  await using platform = await startPlatform();
  const steps = shellSteps(await readFile('README.md', 'utf8'), 'The first ten minutes');
  expect(steps.length).toBeGreaterThanOrEqual(5);

  const printed = await runShellSteps(
    steps.map(({ commands, prints }) => ({ commands: here(commands, platform), prints })),
    { NERVELINE_DATA_DIR: platform.data_directory, PATH: `${await binaries(platform)}:${process.env['PATH']}` },
  );
  printed.forEach((text, i) => expect(text.trim()).toMatch(toPattern(steps[i]?.prints ?? '')));
}, 180_000);

/** The README's usual ports, as this run has them: other platforms may run beside it. */
function here(commands: string, platform: TestPlatform): string {
  return commands
    .replaceAll('http://127.0.0.1:4002', platform.addressOf('fraud-scoring'))
    .replaceAll('http://127.0.0.1:4003', platform.addressOf('inventory-sync'))
    .replaceAll('http://127.0.0.1:4004', platform.addressOf('gps-rerouting'));
}

/** `npx nerveline` without npx, which takes a second each time. */
async function binaries(platform: TestPlatform): Promise<string> {
  const directory = join(platform.data_directory, 'bin');
  await mkdir(directory);
  const path = join(directory, 'npx');
  await writeFile(
    path,
    `#!/bin/sh\nshift\nexec '${process.execPath}' '${resolve('apps/cli/bin/nerveline.mjs')}' "$@"\n`,
  );
  await chmod(path, 0o755);
  return directory;
}
