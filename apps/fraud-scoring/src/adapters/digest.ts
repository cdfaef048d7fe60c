import { hash } from 'node:crypto';

/** 132 bits: no two texts share them. */
const DIGEST_CHARS = 22;

/** The beginning of a text's SHA-256, as 22 characters of base64url. */
export function digest(text: string): string {
  return hash('sha256', text, 'base64url').slice(0, DIGEST_CHARS);
}
