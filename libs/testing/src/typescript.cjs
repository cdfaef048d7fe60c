// Lets a program that a test starts be one of our TypeScript files: `node --require typescript.cjs program.ts`.
// jest.config.cjs puts it into NODE_OPTIONS, so that what such a program starts is understood as well.
const { readFileSync } = require('node:fs');
const Module = require('node:module');
const { join } = require('node:path');

const ROOT = join(__dirname, '../../..');

let compile;

/** Loaded with the first file: most programs that inherit the option have none. */
function compiler() {
  const { transformSync } = require('@swc/core');
  const options = { ...JSON.parse(readFileSync(join(ROOT, '.swcrc'), 'utf8')), swcrc: false, sourceMaps: 'inline' };
  return (filename) => transformSync(readFileSync(filename, 'utf8'), { ...options, filename }).code;
}

require.extensions['.ts'] = (module, filename) => {
  compile ??= compiler();
  module._compile(compile(filename), filename);
};

let aliases;

const resolveFilename = Module._resolveFilename;
Module._resolveFilename = function (request, ...rest) {
  if (!request.startsWith('@nerveline/')) return resolveFilename.call(this, request, ...rest);
  aliases ??= JSON.parse(readFileSync(join(ROOT, 'tsconfig.json'), 'utf8')).compilerOptions.paths;
  const [path] = aliases[request] ?? [];
  return resolveFilename.call(this, path === undefined ? request : join(ROOT, path), ...rest);
};
