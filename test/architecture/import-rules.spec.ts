import { createTempDirectory } from '@nerveline/testing';
import { findViolations, type PlantedImport, ruleNames, writeTree } from './import-fixture';

jest.setTimeout(60_000);

/** For each rule an import that breaks it. */
const PLANTED: Readonly<Record<string, PlantedImport>> = {
  'kernel-imports': { from: 'libs/kernel/src/a.ts', to: '@nerveline/contracts' },
  'process-identity-imports': { from: 'libs/process-identity/src/a.ts', to: '@nerveline/kernel' },
  'contracts-imports': { from: 'libs/contracts/src/a.ts', to: '@nerveline/log', type_only: true },
  'cdc-imports': { from: 'libs/cdc/src/a.ts', to: '@nerveline/log' },
  'log-imports': { from: 'libs/log/src/a.ts', to: '@nerveline/cdc', type_only: true },
  'state-imports': { from: 'libs/state/src/a.ts', to: '@nerveline/log' },
  'push-imports': { from: 'libs/push/src/a.ts', to: '@nerveline/service-defaults' },
  'stream-imports': { from: 'libs/stream/src/a.ts', to: '@nerveline/push' },
  'stream-sees-only-ports': { from: 'libs/stream/src/b.ts', to: '@nerveline/log' },
  'service-defaults-imports': { from: 'libs/service-defaults/src/a.ts', to: '@nerveline/contracts' },
  'kernel-has-no-dependency': { from: 'libs/kernel/src/b.ts', to: 'zod' },
  'process-identity-has-no-dependency': { from: 'libs/process-identity/src/b.ts', to: 'zod' },
  'kernel-has-no-io': { from: 'libs/kernel/src/c.ts', to: 'node:fs' },
  'contracts-know-only-zod': { from: 'libs/contracts/src/b.ts', to: 'lmdb' },
  'contracts-have-no-io': { from: 'libs/contracts/src/c.ts', to: 'node:fs' },
  'state-lmdb-sees-only-log': { from: 'libs/state/src/adapters/lmdb/a.ts', to: '@nerveline/push' },
  'app-imports-app': { from: 'apps/alpha/src/adapters/a.ts', to: '../../../beta/src/main' },
  'domain-imports': { from: 'apps/alpha/src/domain/a.ts', to: '../adapters/value' },
  'domain-sees-only-types-of-contracts': { from: 'apps/alpha/src/domain/b.ts', to: '@nerveline/contracts' },
  'domain-has-no-io': { from: 'apps/alpha/src/domain/c.ts', to: 'node:crypto' },
  'domain-has-no-packages': { from: 'apps/alpha/src/domain/d.ts', to: '@nestjs/common' },
  'application-imports': { from: 'apps/alpha/src/application/a.ts', to: '../adapters/value' },
  'application-sees-only-ports': { from: 'apps/alpha/src/application/b.ts', to: '@nerveline/log' },
  'application-has-no-io': { from: 'apps/alpha/src/application/c.ts', to: 'node:fs' },
  'application-has-no-packages': { from: 'apps/alpha/src/application/d.ts', to: '@nestjs/common' },
  'dashboard-talks-to-the-gateway-only': { from: 'apps/dashboard/src/a.ts', to: '@nerveline/push' },
  'no-deep-import': { from: 'apps/alpha/src/adapters/b.ts', to: '../../../../libs/log/src/value' },
  'no-import-of-oneself': { from: 'libs/log/src/b.ts', to: '@nerveline/log' },
  'testing-is-for-tests': { from: 'apps/alpha/src/adapters/c.ts', to: '@nerveline/testing' },
  'nothing-imports-tests': { from: 'apps/alpha/src/adapters/d.ts', to: '../../../../test/value' },
  'no-dev-dependency': { from: 'apps/alpha/src/adapters/e.ts', to: 'jest-like' },
  'no-circular': { from: 'apps/alpha/src/adapters/f.ts', to: './g' },
  'not-to-unresolvable': { from: 'apps/alpha/src/adapters/h.ts', to: './nowhere' },
};

/** Imports that no rule may hinder. */
const ALLOWED: readonly PlantedImport[] = [
  { from: 'libs/contracts/src/ok.ts', to: 'zod' },
  { from: 'libs/contracts/src/ok2.ts', to: '@nerveline/kernel' },
  { from: 'libs/log/src/ok.ts', to: 'lmdb' },
  { from: 'libs/log/src/ok2.ts', to: '@nerveline/process-identity' },
  { from: 'libs/process-identity/src/ok.ts', to: 'node:fs' },
  { from: 'libs/stream/src/ok.ts', to: '@nerveline/log', type_only: true },
  { from: 'libs/state/src/adapters/lmdb/ok.ts', to: '@nerveline/log' },
  { from: 'libs/testing/src/ok.ts', to: '@nerveline/log' },
  { from: 'apps/alpha/src/domain/ok.ts', to: '@nerveline/contracts', type_only: true },
  { from: 'apps/alpha/src/domain/ok2.ts', to: '@nerveline/kernel' },
  { from: 'apps/alpha/src/domain/ok3.ts', to: '@turf/turf' },
  { from: 'apps/alpha/src/application/ok.ts', to: '../domain/value' },
  { from: 'apps/alpha/src/application/ok2.ts', to: '@nerveline/log', type_only: true },
  { from: 'apps/alpha/src/application/ok3.ts', to: '@nerveline/stream' },
  { from: 'apps/alpha/src/adapters/ok.ts', to: '@nestjs/common' },
  { from: 'apps/alpha/src/adapters/ok2.ts', to: '@nerveline/log' },
  { from: 'apps/alpha/src/domain/value.spec.ts', to: '@nerveline/testing' },
  { from: 'test/ok.ts', to: '@nerveline/testing' },
];

/** The other half of the circle. */
const CIRCLE: PlantedImport = { from: 'apps/alpha/src/adapters/g.ts', to: './f' };

test('every import rule has a violation here, so that none stays that can not fail', () => {
  expect(Object.keys(PLANTED).toSorted()).toEqual(ruleNames().toSorted());
});

test('each planted violation is found, and nothing that is allowed', async () => {
  await using directory = await createTempDirectory();
  writeTree(directory.path, [...Object.values(PLANTED), CIRCLE, ...ALLOWED]);
  const violations = await findViolations(directory.path);
  const missed = Object.entries(PLANTED).filter(
    ([rule, { from }]) => !violations.some((found) => found.rule === rule && found.from === from),
  );
  expect(missed.map(([rule]) => rule)).toEqual([]);
  const allowed = new Set(ALLOWED.map(({ from }) => from));
  expect(violations.filter(({ from }) => allowed.has(from))).toEqual([]);
});
