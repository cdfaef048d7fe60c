import { NervelineError } from '@nerveline/kernel';

/** The layout of everything that this service keeps beside the log. */
export const FORMAT_VERSION = 1;

const utf8 = new TextEncoder();
const text = new TextDecoder();

/** A value of the state: JSON with the format version ahead of it. */
export const encodeStored = (value: object): Uint8Array =>
  utf8.encode(JSON.stringify({ format_version: FORMAT_VERSION, ...value }));

/**
 * What {@link encodeStored} wrote; only this service writes its state, so the type is the writer's.
 *
 * @throws NervelineError `NL-LOG-006`
 */
export function decodeStored<T extends object>(bytes: Uint8Array): T {
  const stored = JSON.parse(text.decode(bytes)) as T & { format_version: number };
  if (stored.format_version !== FORMAT_VERSION) {
    const detail = `state of format ${stored.format_version}, this version reads ${FORMAT_VERSION}`;
    throw new NervelineError('NL-LOG-006', { detail });
  }
  return stored;
}
