import type { Ack } from '@nerveline/contracts';
import { NervelineError } from '@nerveline/kernel';
import type { z } from 'zod';

/**
 * Checks what a client sent.
 *
 * @throws NervelineError `NL-PSH-001` naming the first field that is wrong
 */
export function parsePayload<Schema extends z.ZodType>(schema: Schema, payload: unknown): z.output<Schema> {
  const parsed = schema.safeParse(payload);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const unknown_key = issue?.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [];
  const field = [...(issue?.path ?? []), ...unknown_key].map(String).join('.');
  throw new NervelineError('NL-PSH-001', {
    field,
    detail: `${field === '' ? 'payload' : field}: ${issue?.message ?? 'is wrong'}`,
  });
}

/** Where a client's event wants its answer. */
export type AckFunction = (answer: Ack<unknown>) => void;

/** Socket.IO passes a client's acknowledgement as the event's last argument, when the client asked for one. */
export const isAck = (argument: unknown): argument is AckFunction => typeof argument === 'function';

/** The answer to an event that failed. */
export function refusal({ code, detail, field }: NervelineError): Ack<never> {
  return { ok: false, code, detail, ...(field !== undefined && { field }) };
}
