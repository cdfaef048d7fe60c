import { NervelineError } from '@nerveline/kernel';
import type { z } from 'zod';
import type { Topic } from './topics/topic';

const utf8 = new TextEncoder();
const text = new TextDecoder();

/** A value as JSON bytes. Writers pass what the topic's schema describes; the type says so. */
export function encodeJson<Schema extends z.ZodType>(_topic: Topic<Schema>, value: z.output<Schema>): Uint8Array {
  return utf8.encode(JSON.stringify(value));
}

/**
 * A value from the log, checked against its topic's schema.
 *
 * @throws NervelineError `NL-LOG-011`
 */
export function decodeJson<Schema extends z.ZodType>(topic: Topic<Schema>, bytes: Uint8Array): z.output<Schema> {
  const parsed = topic.schema.safeParse(parseJson(topic.name, bytes));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new NervelineError('NL-LOG-011', {
    detail: `${topic.name}: ${issue?.message ?? 'does not fit its schema'}`,
    field: issue?.path.join('.') ?? '',
  });
}

function parseJson(topic_name: string, bytes: Uint8Array): unknown {
  try {
    return JSON.parse(text.decode(bytes));
  } catch (cause) {
    throw new NervelineError('NL-LOG-011', { detail: `${topic_name}: not JSON`, cause });
  }
}
