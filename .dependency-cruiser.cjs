/**
 * Who may import whom: the table of the design, as rules. test/architecture plants a violation of each one and proves
 * that it is found, so a rule that can't fail doesn't stay here.
 */

/** Each lib with the libs that it may import. `types` may be imported as types only: they are the ports. */
const LIBS = {
  kernel: {},
  'process-identity': {},
  contracts: { values: ['kernel'] },
  cdc: { values: ['kernel', 'contracts'] },
  log: { values: ['kernel', 'contracts', 'process-identity'] },
  state: { values: ['kernel', 'contracts'] },
  push: { values: ['kernel', 'contracts'] },
  stream: { values: ['kernel', 'contracts'], types: ['log', 'state'] },
  'service-defaults': { values: ['kernel'] },
};

/** npm packages that only calculate: no I/O, no clock. */
const PURE_PACKAGES = '^node_modules/@turf/';

const SPEC = '[.](spec|bench)[.]tsx?$';
const CORE = { dependencyTypes: ['core'] };
const NPM = '(^|/)node_modules/';
const any = (names) => (names.length === 0 ? '(?!)' : names.length === 1 ? names[0] : `(${names.join('|')})`);
const lib = (...names) => `^libs/${any(names)}/`;
const forbid = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });
const app = (folder) => ({ path: `^apps/[^/]+/src/${folder}/`, pathNot: SPEC });

const libRules = Object.entries(LIBS).flatMap(([name, { values = [], types = [] }]) => {
  // The one-step commit of the LMDB state store needs the embedded environment of the log.
  const exception = name === 'state' ? ['^libs/state/src/adapters/lmdb'] : [];
  const from = { path: lib(name), pathNot: [SPEC, ...exception] };
  const allowed = [name, ...values, ...types];
  const rules = [
    forbid(`${name}-imports`, `${name} may import ${allowed.slice(1).join(', ') || 'no lib'}`, from, {
      path: '^(libs|apps)/',
      pathNot: lib(...allowed),
    }),
  ];
  if (types.length > 0) {
    rules.push(
      forbid(`${name}-sees-only-ports`, `${name} may import types of ${types.join(', ')}, never their code`, from, {
        path: lib(...types),
        dependencyTypesNot: ['type-only'],
      }),
    );
  }
  return rules;
});

const pureLibRules = [
  forbid(
    'kernel-has-no-dependency',
    'kernel imports no package and no module of Node',
    { path: lib('kernel'), pathNot: SPEC },
    { path: NPM },
  ),
  forbid(
    'process-identity-has-no-dependency',
    'process-identity imports Node alone: the host carries it for days',
    { path: lib('process-identity'), pathNot: SPEC },
    { path: NPM },
  ),
  forbid('kernel-has-no-io', 'kernel imports no module of Node', { path: lib('kernel'), pathNot: SPEC }, CORE),
  forbid(
    'contracts-know-only-zod',
    'contracts imports no package but zod',
    { path: lib('contracts'), pathNot: SPEC },
    {
      path: NPM,
      pathNot: '^node_modules/zod/',
    },
  ),
  forbid('contracts-have-no-io', 'the browser reads contracts too', { path: lib('contracts'), pathNot: SPEC }, CORE),
  forbid(
    'state-lmdb-sees-only-log',
    'state/adapters/lmdb may see the embedded environment of log',
    {
      path: '^libs/state/src/adapters/lmdb',
      pathNot: SPEC,
    },
    { path: '^(libs|apps)/', pathNot: lib('state', 'kernel', 'contracts', 'log') },
  ),
];

const appRules = [
  forbid(
    'app-imports-app',
    'an app never imports another app',
    { path: '^apps/([^/]+)/' },
    {
      path: '^apps/',
      pathNot: '^apps/$1/',
    },
  ),
  forbid('domain-imports', 'domain imports itself, kernel and types of contracts', app('domain'), {
    path: '^(libs|apps)/',
    pathNot: [lib('kernel', 'contracts'), '^apps/[^/]+/src/domain/'],
  }),
  forbid('domain-sees-only-types-of-contracts', 'domain imports types of contracts, never its schemas', app('domain'), {
    path: lib('contracts'),
    dependencyTypesNot: ['type-only'],
  }),
  forbid('domain-has-no-io', 'domain is pure: no module of Node', app('domain'), CORE),
  forbid('domain-has-no-packages', 'domain is pure: no Nest, no package that does I/O', app('domain'), {
    path: NPM,
    pathNot: PURE_PACKAGES,
  }),
  forbid(
    'application-imports',
    'application imports domain, application, kernel, contracts, ports and stream',
    app('application'),
    {
      path: '^(libs|apps)/',
      pathNot: [
        lib('kernel', 'contracts', 'stream', 'log', 'state', 'cdc', 'push'),
        '^apps/[^/]+/src/(domain|application)/',
      ],
    },
  ),
  forbid(
    'application-sees-only-ports',
    'application imports types of the libs that do I/O, never their code',
    app('application'),
    {
      path: lib('log', 'state', 'cdc', 'push'),
      dependencyTypesNot: ['type-only'],
    },
  ),
  forbid('application-has-no-io', 'application acts through ports: no module of Node', app('application'), CORE),
  forbid(
    'application-has-no-packages',
    'application acts through ports: no Nest, no package that does I/O',
    app('application'),
    {
      path: NPM,
      pathNot: PURE_PACKAGES,
    },
  ),
  forbid(
    'dashboard-talks-to-the-gateway-only',
    'the page imports contracts and kernel, no other lib',
    { path: '^apps/dashboard/' },
    {
      path: '^libs/',
      pathNot: lib('contracts', 'kernel'),
    },
  ),
];

const generalRules = [
  forbid(
    'no-deep-import',
    'a lib is imported through its index.ts',
    { path: '^(apps|libs|test)/([^/]+)/' },
    {
      path: '^libs/[^/]+/src/.+',
      pathNot: ['^libs/[^/]+/src/index[.]ts$', '^$1/$2/'],
    },
  ),
  forbid(
    'no-import-of-oneself',
    'inside a lib, import relatively, not through its own index.ts',
    {
      path: '^libs/([^/]+)/src/',
      pathNot: SPEC,
    },
    { path: '^libs/$1/src/index[.]ts$' },
  ),
  forbid(
    'testing-is-for-tests',
    'only tests import testing',
    {
      path: '^(apps|libs)/',
      pathNot: [SPEC, '^libs/testing/'],
    },
    { path: lib('testing') },
  ),
  forbid(
    'nothing-imports-tests',
    'programs never import from test/ or from a spec',
    {
      path: '^(apps|libs)/',
      pathNot: SPEC,
    },
    { path: ['^test/', SPEC] },
  ),
  forbid(
    'no-dev-dependency',
    'what runs in production is listed under dependencies',
    {
      path: '^(apps|libs)/[^/]+/src/',
      pathNot: [SPEC, '^libs/testing/', '^apps/dashboard/'],
    },
    { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
  ),
  forbid(
    'no-circular',
    'modules that load each other in a circle',
    {},
    {
      circular: true,
      // A circle that a type closes is gone once it is compiled.
      viaOnly: { dependencyTypesNot: ['type-only'] },
    },
  ),
  forbid('not-to-unresolvable', 'an import leads nowhere', {}, { couldNotResolve: true }),
];

module.exports = {
  forbidden: [...libRules, ...pureLibRules, ...appRules, ...generalRules],
  options: {
    doNotFollow: { path: ['node_modules', '^dist/'] },
    exclude: { path: ['^dist/', '^data/', '[.](css|svg|woff2?|png)$'] },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
      mainFields: ['module', 'main', 'types', 'typings'],
    },
  },
};
