import type { Lsn, SourceEpoch } from '@nerveline/kernel';

/** Prefix of a logical message with which a writer hands its trace context to the changes that follow it. */
export const TRACEPARENT_PREFIX = 'traceparent';

const TRACEPARENT = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/**
 * The W3C trace context of a source transaction, made from its position: a change that is delivered again has the same
 * trace, and nothing is random.
 */
export function traceparentOf({ system_id }: SourceEpoch, commit_lsn: Lsn): string {
  if (system_id !== known_system.id) known_system = { id: system_id, hex: hex(BigInt(system_id)) };
  const lsn_hex = hex(commit_lsn);
  return `00-${known_system.hex}${lsn_hex}-${lsn_hex}-01`;
}

/** A process mostly reads one source; reading its number again for each transaction showed in the profile. */
let known_system = { id: '0', hex: '0'.repeat(16) };

const hex = (value: bigint): string => value.toString(16).padStart(16, '0').slice(-16);

/** The context that a writer gave with `pg_logical_emit_message(true, 'traceparent', ...)`, if it is one. */
export function parseTraceparent(content: Uint8Array): string | undefined {
  const text = new TextDecoder().decode(content);
  return TRACEPARENT.test(text) ? text : undefined;
}
