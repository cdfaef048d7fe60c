import type { Lsn, SourceEpoch } from '@nerveline/kernel';

/** Prefix of a logical message with which a writer hands its trace context to the changes that follow it. */
export const TRACEPARENT_PREFIX = 'traceparent';

const TRACEPARENT = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/**
 * The W3C trace context of a source transaction, made from its position: a change that is delivered again has the same
 * trace, and nothing is random.
 */
export function traceparentOf(epoch: SourceEpoch, commit_lsn: Lsn): string {
  const hex = (value: bigint) => value.toString(16).padStart(16, '0').slice(-16);
  return `00-${hex(BigInt(epoch.system_id))}${hex(commit_lsn)}-${hex(commit_lsn)}-01`;
}

/** The context that a writer gave with `pg_logical_emit_message(true, 'traceparent', ...)`, if it is one. */
export function parseTraceparent(content: Uint8Array): string | undefined {
  const text = new TextDecoder().decode(content);
  return TRACEPARENT.test(text) ? text : undefined;
}
