import { readFileSync } from 'node:fs';
import { NervelineError, roles, scopes, type Principal, type Role, type Scope } from '@nerveline/kernel';
import { createLocalJWKSet, createRemoteJWKSet, jwtVerify, type JSONWebKeySet, type JWTPayload } from 'jose';

/** The `iss` that a token must have. */
export const TOKEN_ISSUER = 'nerveline';
/** The `aud` that a token must have. */
export const TOKEN_AUDIENCE = 'nerveline';

/** Tokens whose signature was checked and that are remembered until they expire. */
const CACHE_TOKENS = 10_000;

type KeySource = ReturnType<typeof createLocalJWKSet> | ReturnType<typeof createRemoteJWKSet>;

/** Turns a JWT into the principal that it stands for. */
export class TokenVerifier {
  readonly #keys: KeySource;
  readonly #verified = new Map<string, { principal: Principal; expires_ms: number }>();

  /** @param jwks path of a JWKS file, or an http(s) URL */
  constructor(jwks: string) {
    this.#keys = /^https?:\/\//.test(jwks) ? createRemoteJWKSet(new URL(jwks)) : createLocalJWKSet(readJwks(jwks));
  }

  /** @throws NervelineError `NL-API-004` */
  async verify(token: string): Promise<Principal> {
    const known = this.#verified.get(token);
    if (known !== undefined && known.expires_ms > Date.now()) return known.principal;
    try {
      const { payload } = await jwtVerify(token, this.#keys, {
        issuer: TOKEN_ISSUER,
        audience: TOKEN_AUDIENCE,
        requiredClaims: ['exp', 'sub'],
      });
      const principal = toPrincipal(payload);
      this.#remember(token, principal, (payload.exp ?? 0) * 1_000);
      return principal;
    } catch (cause) {
      this.#verified.delete(token);
      throw new NervelineError('NL-API-004', {
        detail: 'the token is expired, malformed or not signed by a trusted key',
        cause,
      });
    }
  }

  #remember(token: string, principal: Principal, expires_ms: number): void {
    if (this.#verified.size >= CACHE_TOKENS) {
      const oldest = this.#verified.keys().next();
      if (oldest.done !== true) this.#verified.delete(oldest.value);
    }
    this.#verified.set(token, { principal, expires_ms });
  }
}

function readJwks(path: string): JSONWebKeySet {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as JSONWebKeySet;
  } catch (cause) {
    throw new NervelineError('NL-API-012', {
      field: 'NERVELINE_JWKS',
      detail: `no JWKS can be read from ${path}`,
      cause,
    });
  }
}

function toPrincipal(payload: JWTPayload): Principal {
  const { sub, tenant_id, roles: claimed_roles, scopes: claimed_scopes } = payload;
  if (typeof sub !== 'string' || typeof tenant_id !== 'string' || !Array.isArray(claimed_scopes)) {
    throw new NervelineError('NL-API-004', { detail: 'the token lacks sub, tenant_id or scopes' });
  }
  return Object.freeze({
    tenant_id,
    subject: sub,
    roles: (Array.isArray(claimed_roles) ? claimed_roles : []).filter((role): role is Role =>
      roles.some((known) => known === role),
    ),
    scopes: claimed_scopes.filter((scope): scope is Scope => scopes.some((known) => known === scope)),
  });
}
