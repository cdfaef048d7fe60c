import type { IdempotencyKey } from '@nerveline/contracts';

/** A key for one intention of the user. `crypto.randomUUID` is missing where the page isn't served securely. */
export function newIdempotencyKey(): IdempotencyKey {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return idempotencyKey(Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(''));
}

/** A key made of what is asked for, so that asking twice counts once. */
export const idempotencyKey = (text: string): IdempotencyKey => text as IdempotencyKey;
