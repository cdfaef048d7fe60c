import { NervelineError } from '@nerveline/kernel';

/** The layout of everything that this service keeps in its state. */
export const FORMAT_VERSION = 1;

const utf8 = new TextEncoder();
const text = new TextDecoder();

/** A value of the state: its format version in one byte, then JSON. */
export function encodeStored(value: unknown): Uint8Array {
  return withVersion(utf8.encode(JSON.stringify(value)));
}

/** The bytes with the format version ahead of them. */
export function withVersion(bytes: Uint8Array): Uint8Array {
  const stored = new Uint8Array(bytes.length + 1);
  stored[0] = FORMAT_VERSION;
  stored.set(bytes, 1);
  return stored;
}

/**
 * What {@link withVersion} wrapped.
 *
 * @throws NervelineError `NL-FRD-007`
 */
export function withoutVersion(stored: Uint8Array): Uint8Array {
  const version = stored[0] ?? 0;
  if (version !== FORMAT_VERSION) {
    throw new NervelineError('NL-FRD-007', { detail: `format ${version}, this version reads ${FORMAT_VERSION}` });
  }
  return stored.subarray(1);
}

/**
 * What {@link encodeStored} wrote; only this service writes its state, so the type is the writer's.
 *
 * @throws NervelineError `NL-FRD-007`
 */
export function decodeStored<T>(stored: Uint8Array): T {
  return JSON.parse(text.decode(withoutVersion(stored))) as T;
}
