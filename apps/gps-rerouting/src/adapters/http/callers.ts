import { principal as principalSchema, recordHeaders } from '@nerveline/contracts';
import { NervelineError, systemClock, type Principal } from '@nerveline/kernel';
import type { Caller } from '../../application/ports';

/** W3C Trace Context, version 00. */
const TRACEPARENT = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** The guard gives the same object for the same token, so it is checked once. */
const checked = new WeakMap<Principal, Caller['principal']>();

/**
 * Whose request it is, and since when we have it.
 *
 * @throws NervelineError `NL-API-004` when the token names no valid tenant
 */
export function callerOf(principal: Principal, traceparent: string | undefined): Caller {
  const known = checked.get(principal) ?? check(principal);
  const headers = {
    [recordHeaders.received_ms]: String(systemClock.now_ms()),
    ...(traceparent !== undefined && TRACEPARENT.test(traceparent) && { [recordHeaders.traceparent]: traceparent }),
  };
  return { tenant_id: known.tenant_id, principal: known, headers };
}

function check(principal: Principal): Caller['principal'] {
  const parsed = principalSchema.safeParse(principal);
  if (!parsed.success) throw new NervelineError('NL-API-004', { detail: 'the token names no valid tenant or subject' });
  checked.set(principal, parsed.data);
  return parsed.data;
}
