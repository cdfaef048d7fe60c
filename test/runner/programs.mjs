import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The first of the names that is a program on the PATH, or a path that exists. */
export function findProgram(...names) {
  for (const name of names) {
    if (name.includes('/')) {
      if (existsSync(name)) return name;
      continue;
    }
    for (const directory of (process.env.PATH ?? '').split(delimiter)) {
      const path = join(directory, name);
      try {
        accessSync(path, constants.X_OK);
        return path;
      } catch {
        // Not here.
      }
    }
  }
  return undefined;
}

/** What some tests need and a machine may lack: by the name that a test gives as its need. */
export function findPrograms() {
  return {
    'redis-server': findProgram('redis-server'),
    chromium: findProgram(
      process.env.NERVELINE_TEST_CHROMIUM ?? 'chromium',
      'chromium-browser',
      'google-chrome',
      'google-chrome-stable',
      '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
      '/Applications/Chromium.app/Contents/MacOS/Chromium',
    ),
    strace: findProgram('strace'),
    // Debian keeps the programs of each major version apart.
    pg_recvlogical: findProgram(
      'pg_recvlogical',
      ...[18, 17, 16, 15, 14].map((version) => `/usr/lib/postgresql/${version}/bin/pg_recvlogical`),
    ),
    java: findProgram('java'),
    mvn: findProgram('mvn'),
  };
}
