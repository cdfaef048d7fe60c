const { readFileSync } = require('node:fs');

// One alias for each lib, read from tsconfig.json, so that the list stands in one place.
const { paths } = JSON.parse(readFileSync(`${__dirname}/tsconfig.json`, 'utf8')).compilerOptions;
const moduleNameMapper = Object.fromEntries(
  Object.entries(paths).map(([alias, [path]]) => [`^${alias}$`, `<rootDir>/${path.slice(2)}`]),
);

const swc = { ...JSON.parse(readFileSync(`${__dirname}/.swcrc`, 'utf8')), swcrc: false };

/** Packages that ship ESM only; Jest runs them as CommonJS. */
const esmOnly =
  '@nestjs|@platformatic|file-type|strtok3|token-types|uint8array-extras|@tokenizer|@borewit|jose|pbf|content-disposition';

// Programs that tests start may be TypeScript files, and may start others.
process.env.NODE_OPTIONS = `${process.env.NODE_OPTIONS ?? ''} --require ${JSON.stringify(`${__dirname}/libs/testing/src/typescript.cjs`)}`;

const part = (name, testMatch, more = {}) => ({
  displayName: name,
  rootDir: __dirname,
  testEnvironment: 'node',
  testMatch,
  moduleNameMapper,
  transform: { '^.+\\.[cm]?[jt]sx?$': ['@swc/jest', swc] },
  transformIgnorePatterns: [`/node_modules/(?!(${esmOnly})/)`],
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
  ...more,
});

module.exports = {
  // Tests wait for a signal, not for a time: this is for the slowest machine that a signal may come from.
  testTimeout: 30_000,
  projects: [
    part('unit', ['<rootDir>/{apps,libs}/*/src/**/*.spec.ts']),
    part('architecture', ['<rootDir>/test/architecture/**/*.spec.ts']),
    part('integration', ['<rootDir>/test/integration/**/*.spec.ts']),
    part('guarantees', ['<rootDir>/test/guarantees/**/*.spec.ts']),
    part('e2e', ['<rootDir>/test/e2e/**/*.spec.ts']),
  ],
};
