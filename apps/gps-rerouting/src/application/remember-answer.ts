import type { Remembered } from './memory';
import type { Step } from './step';
import { stores } from './stored-state';

/** Keeps an answer by its idempotency key, in the commit that makes what was asked for durable. */
export function rememberAnswer(step: Step, key: string, entry: Remembered): void {
  const forgotten = step.world.memory.keep(key, entry);
  step.outbox.put(stores.memory, key, { format_version: 1, ...entry });
  for (const oldest of forgotten) step.outbox.put(stores.memory, oldest, null);
}
