import { randomBytes } from 'node:crypto';

/** A new trace, as W3C Trace Context writes it. */
export function newTrace(): { readonly trace_id: string; readonly traceparent: string } {
  const trace_id = randomBytes(16).toString('hex');
  return { trace_id, traceparent: `00-${trace_id}-${randomBytes(8).toString('hex')}-01` };
}
