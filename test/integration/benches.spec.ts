import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '../..');
const SUFFIX = '.bench.ts';

const benches = readdirSync(join(ROOT, 'test/bench')).filter((name) => name.endsWith(SUFFIX));

test.each(benches)('%s was built with everything that it needs', (bench) => {
  const built = join(ROOT, 'dist/test/bench', bench.replace(/ts$/, 'js'));
  const look = `process.exitCode = typeof require(${JSON.stringify(built)}).run === 'function' ? 0 : 1`;
  // Plain Node, as `npm run bench` runs it: no compiler that could lend what the build left out.
  const { status, stderr } = spawnSync(process.execPath, ['-e', look], {
    cwd: ROOT,
    env: { ...process.env, NODE_OPTIONS: '' },
    encoding: 'utf8',
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});
