import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { NervelineError, type Principal } from '@nerveline/kernel';
import { exportJWK, exportPKCS8, generateKeyPair, importPKCS8, SignJWT } from 'jose';
import { TOKEN_AUDIENCE, TOKEN_ISSUER } from './tokens';

const ALGORITHM = 'EdDSA';
const KEY_ID = 'nerveline-1';
const OWNER_ONLY = 0o600;

/** Where an installation keeps the keys that it made for itself. */
export interface KeyFiles {
  /** What services trust: the setting NERVELINE_JWKS. */
  readonly jwks: string;
  /** What tokens are signed with; readable by its owner only. */
  readonly private_key: string;
}

/** The paths of the keys in a directory, whether they were made or not. */
export const keyFiles = (directory: string): KeyFiles => ({
  jwks: join(directory, 'jwks.json'),
  private_key: join(directory, 'private-key.pem'),
});

/** Makes an Ed25519 key pair in the directory unless there is one. */
export async function ensureKeys(directory: string): Promise<KeyFiles> {
  const files = keyFiles(directory);
  if (existsSync(files.jwks) && existsSync(files.private_key)) return files;
  await mkdir(directory, { recursive: true });
  const { publicKey, privateKey } = await generateKeyPair(ALGORITHM, { extractable: true });
  const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: KEY_ID, alg: ALGORITHM, use: 'sig' }] };
  await writeWhole(files.private_key, await exportPKCS8(privateKey), OWNER_ONLY);
  // The JWKS comes last: where it is, the private key is complete.
  await writeWhole(files.jwks, JSON.stringify(jwks, null, 2), 0o644);
  return files;
}

/**
 * Signs a token for a principal.
 *
 * @throws NervelineError `NL-API-012` when there is no private key at that path
 */
export async function signToken(private_key: string, principal: Principal, expires_in: string): Promise<string> {
  const pem = await readFile(private_key, 'utf8').catch((cause: unknown) => {
    throw new NervelineError('NL-API-012', {
      field: 'private_key',
      detail: `no private key can be read from ${private_key}`,
      cause,
    });
  });
  const { tenant_id, subject, roles, scopes } = principal;
  return new SignJWT({ tenant_id, roles: [...roles], scopes: [...scopes] })
    .setProtectedHeader({ alg: ALGORITHM, kid: KEY_ID })
    .setSubject(subject)
    .setIssuer(TOKEN_ISSUER)
    .setAudience(TOKEN_AUDIENCE)
    .setIssuedAt()
    .setExpirationTime(expires_in)
    .sign(await importPKCS8(pem, ALGORITHM));
}

async function writeWhole(path: string, content: string, mode: number): Promise<void> {
  await writeFile(`${path}.draft`, content, { mode });
  await rename(`${path}.draft`, path);
}
