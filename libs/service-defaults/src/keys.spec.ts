import { statSync } from 'node:fs';
import { createTempDirectory } from '@nerveline/testing';
import { ensureKeys, signToken, TokenVerifier } from './index';

const clerk = { tenant_id: 'demo', subject: 'clerk', roles: ['analyst'], scopes: ['payments:read'] } as const;

test('a token signed with the made key is trusted, and says who and what', async () => {
  await using directory = await createTempDirectory();
  const { jwks, private_key } = await ensureKeys(directory.path);
  const token = await signToken(private_key, clerk, '5m');
  expect(await new TokenVerifier(jwks).verify(token)).toEqual(clerk);
});

test('keys are made once: tokens of the first start are good after the second', async () => {
  await using directory = await createTempDirectory();
  const first = await ensureKeys(directory.path);
  const token = await signToken(first.private_key, clerk, '5m');
  const second = await ensureKeys(directory.path);
  expect(await new TokenVerifier(second.jwks).verify(token)).toEqual(clerk);
});

test('nobody but its owner reads the private key', async () => {
  await using directory = await createTempDirectory();
  const { private_key } = await ensureKeys(directory.path);
  expect(statSync(private_key).mode & 0o777).toBe(0o600);
});

test('a token of another installation is refused', async () => {
  await using here = await createTempDirectory();
  await using there = await createTempDirectory();
  const token = await signToken((await ensureKeys(there.path)).private_key, clerk, '5m');
  const verifier = new TokenVerifier((await ensureKeys(here.path)).jwks);
  await expect(verifier.verify(token)).rejects.toMatchObject({ code: 'NL-API-004' });
});
