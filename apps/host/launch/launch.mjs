import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { ensureInstalled } from './install.mjs';
import { HELP, readOptions } from './options.mjs';
import { DIST, ROOT } from './paths.mjs';
import { LaunchFailure } from './progress.mjs';
import { watchSources } from './watch.mjs';

/** Sets up what is missing, then runs the platform until it is stopped; resolves with the exit code. */
export async function launch(words) {
  try {
    const { help, watch, ...options } = readOptions(words);
    if (help) {
      console.log(HELP);
      return 0;
    }
    await ensureInstalled();
    if (!build()) return 1;
    const { main } = createRequire(import.meta.url)(join(DIST, 'apps/host/src/main.js'));
    return await main({ root: ROOT, ...options }, watch ? watchSources : undefined);
  } catch (error) {
    if (error instanceof LaunchFailure) console.error(error.message);
    else if (error.code === 'ENOSPC') console.error(`NL-HST-004: the disk of ${ROOT} is full.`);
    else throw error;
    return 1;
  }
}

/** As a process of its own: a compiler leaves memory behind that the host would carry for days. */
function build() {
  const program = join(ROOT, 'apps/host/launch/build.mjs');
  return spawnSync(process.execPath, [program], { stdio: ['ignore', 'inherit', 'inherit'] }).status === 0;
}
