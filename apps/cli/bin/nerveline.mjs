#!/usr/bin/env node
// `npx nerveline` from a clone: builds what isn't built yet, then hands over to the program.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../../dist/apps/cli/src/main.js', import.meta.url));
if (!existsSync(program)) {
  console.error('nerveline is not built yet: run `npm start` or `npm run build` first');
  process.exit(1);
}
createRequire(import.meta.url)(program);
