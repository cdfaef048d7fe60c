import { z } from 'zod';
import { epoch_ms } from '../units';
import { failure } from '../topics/held-records';

/** Which dead letters are meant: all conditions hold together. */
export const deadLetterFilter = z.strictObject({
  /** Ids as `nerveline dlq list` shows them. */
  ids: z.array(z.string().min(1)).max(10_000).optional(),
  /** Topic of the record, not of the dead letters. */
  topic: z.string().optional(),
  group: z.string().optional(),
  /** Key of the record, as text. */
  key: z.string().optional(),
  /** Code of the failure: `NL-LOG-011`, `TypeError`. */
  code: z.string().optional(),
  /** When it became a dead letter. */
  since_ms: epoch_ms.optional(),
  until_ms: epoch_ms.optional(),
});
export type DeadLetterFilter = z.infer<typeof deadLetterFilter>;

/** A dead letter without its bytes. */
export const deadLetter = z.strictObject({
  id: z.string(),
  group: z.string(),
  topic: z.string(),
  partition: z.int(),
  offset: z.int(),
  key: z.string().nullable(),
  value_bytes: z.int().nullable(),
  attempts: z.int(),
  held_ms: z.number(),
  failure: failure.nullable(),
});
export type DeadLetter = z.infer<typeof deadLetter>;

export const deadLettersAnswer = z.strictObject({ dead_letters: z.array(deadLetter) });
export type DeadLettersAnswer = z.infer<typeof deadLettersAnswer>;
