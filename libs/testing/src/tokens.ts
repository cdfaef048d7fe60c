import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { scopes, type Role, type Scope } from '@nerveline/kernel';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';

/** Keys of one test: what services trust, and tokens signed with them. */
export interface TestKeys extends AsyncDisposable {
  /** Path of the JWKS file: the setting NERVELINE_JWKS. */
  readonly jwks: string;
  token(claims?: {
    tenant_id?: string;
    subject?: string;
    scopes?: readonly Scope[];
    roles?: readonly Role[];
    expires_in?: string;
  }): Promise<string>;
}

export async function createTestKeys(): Promise<TestKeys> {
  const { publicKey, privateKey } = await generateKeyPair('EdDSA', { extractable: true });
  const directory = await mkdtemp(join(tmpdir(), 'nerveline-keys-'));
  const jwks = join(directory, 'jwks.json');
  await writeFile(jwks, JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'test', alg: 'EdDSA' }] }));
  return {
    jwks,
    token: ({
      tenant_id = 'demo',
      subject = 'tester',
      scopes: granted = scopes,
      roles = ['operator'],
      expires_in = '1h',
    } = {}) =>
      new SignJWT({ tenant_id, scopes: [...granted], roles: [...roles] })
        .setProtectedHeader({ alg: 'EdDSA', kid: 'test' })
        .setSubject(subject)
        .setIssuer('nerveline')
        .setAudience('nerveline')
        .setIssuedAt()
        .setExpirationTime(expires_in)
        .sign(privateKey),
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  };
}
