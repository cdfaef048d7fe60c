import type { LogRecord } from '../ports/log';
import type { InputWindow } from './input-window';
import type { ParkedRecord } from './parked-key';

/** `settling`: it is part of a commit that isn't durable yet. */
export type JobState = 'open' | 'settling' | 'settled';

/** A record on its way through the processor. */
export class Job {
  state: JobState = 'open';
  attempts = 0;
  first_failed_ms: number | undefined;
  /** It was in a batch that failed: it is handled alone. */
  alone = false;
  payload: unknown;

  constructor(
    readonly record: LogRecord,
    /** {@link KeyNames}: what is equal here is handled one after another. */
    readonly key: string,
    /** Where its position is counted; undefined for a record that was parked, whose position went on long ago. */
    readonly window: InputWindow | undefined,
    readonly parked: ParkedRecord | undefined,
  ) {}

  get size_bytes(): number {
    return sizeOf(this.record);
  }
}

export const sizeOf = ({ key, value }: LogRecord): number => (key?.length ?? 0) + (value?.length ?? 0);

/**
 * Names keys as short texts, so that they can be compared. Latin 1 keeps every byte, and is the fastest text there is.
 * A record without a key has a name of its own: it waits for nobody.
 */
export class KeyNames {
  readonly #prefixes = new Map<string, string>();

  name({ topic, key, offset }: Pick<LogRecord, 'topic' | 'key' | 'offset'>): string {
    let prefix = this.#prefixes.get(topic);
    if (prefix === undefined) {
      prefix = `${this.#prefixes.size}:`;
      this.#prefixes.set(topic, prefix);
    }
    if (key === null) return `null ${offset} ${prefix}`;
    const bytes = Buffer.isBuffer(key) ? key : Buffer.from(key.buffer, key.byteOffset, key.byteLength);
    return prefix + bytes.toString('latin1');
  }
}
