import { createHash } from 'node:crypto';

const DIGEST_BYTES = 16;

/** SHA-256 of a text, its first 128 bits as 22 characters of base64url. */
export function digest(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest().subarray(0, DIGEST_BYTES).toString('base64url');
}
