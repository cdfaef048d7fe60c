import type { PushItem } from '@nerveline/contracts';
import type { PushRecord } from './push-record';

/** Decodes records for clients; one that breaks its schema is told of once for each topic, counted, and left out. */
export class RecordDecoder {
  readonly #malformed = new Map<string, number>();

  constructor(private readonly onError: (error: unknown) => void) {}

  decode(record: PushRecord): PushItem | undefined {
    try {
      return record.item();
    } catch (error) {
      const count = (this.#malformed.get(record.topic.name) ?? 0) + 1;
      this.#malformed.set(record.topic.name, count);
      if (count === 1) this.onError(error);
      return undefined;
    }
  }

  /** Records that were left out, by topic. */
  get malformed(): ReadonlyMap<string, number> {
    return this.#malformed;
  }
}
