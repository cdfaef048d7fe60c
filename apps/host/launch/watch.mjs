import { watch } from 'node:fs';
import { join } from 'node:path';
import { ensureBuilt } from './build.mjs';
import { planCompilation } from './compile.mjs';
import { ROOT } from './paths.mjs';

/** Editors save in several writes; what comes within this time is one change. */
const SETTLE_MS = 200;

/** `npm run dev`: builds what changes and replaces the services that it belongs to; a lib belongs to all. */
export function watchSources(host) {
  let timer;
  let turn = Promise.resolve();
  const rebuild = async () => {
    const { changed, removed } = planCompilation();
    try {
      await ensureBuilt();
      const apps = [...changed, ...removed].map((path) => /^apps\/([^/]+)\//.exec(path)?.[1]);
      if (apps.length === 0) return;
      await host.replace(apps.includes(undefined) ? undefined : [...new Set(apps)]);
    } catch (error) {
      console.error(error.message);
    }
  };
  const onChange = () => {
    clearTimeout(timer);
    timer = setTimeout(() => (turn = turn.then(rebuild)), SETTLE_MS);
  };
  for (const directory of ['apps', 'libs']) watch(join(ROOT, directory), { recursive: true }, onChange);
  console.error('  Watching apps/ and libs/: what changes is built and restarted.');
}
