import { splitTenantKey, topics } from '@nerveline/contracts';
import { isNervelineError, offset, type Offset } from '@nerveline/kernel';
import type { Log } from '@nerveline/log';

const TOPIC = topics.fraudDeadLetters.name;
const text = new TextDecoder();

/**
 * Which list changes lie among the dead letters now: each is a row of the source that decisions don't know. Read from the
 * topic itself, so it is right after a restart, and after somebody settled some. Some 100 bytes in memory for each.
 */
export class DeadLetterCount {
  readonly #ids = new Set<string>();

  get total(): number {
    return this.#ids.size;
  }

  /** By the topic where they stood first. */
  get byTopic(): Readonly<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const id of this.#ids) {
      const [, topic = ''] = splitTenantKey(id);
      counts[topic] = (counts[topic] ?? 0) + 1;
    }
    return counts;
  }

  /** Follows the topic until the signal aborts. */
  async follow(
    log: Pick<Log, 'read' | 'tail' | 'partitionCount' | 'waitForRecords'>,
    signal: AbortSignal,
  ): Promise<void> {
    const partitions = await log.partitionCount(TOPIC);
    const next = Array.from({ length: partitions }, () => offset(0));
    while (!signal.aborted) {
      for (const [partition, from] of next.entries()) next[partition] = await this.#readOn(log, partition, from);
      const places = next.map((next_offset, partition) => ({ topic: TOPIC, partition, next_offset }));
      await log.waitForRecords(places, signal);
    }
  }

  async #readOn(log: Pick<Log, 'read' | 'tail'>, partition: number, after: Offset): Promise<Offset> {
    try {
      const { start_offset, next_offset } = await log.tail(TOPIC, partition);
      let from = offset(Math.max(after, start_offset));
      while (from < next_offset) {
        const batch = await log.read({ topic: TOPIC, partition, from });
        for (const { key, value } of batch.records) {
          const id = text.decode(key ?? new Uint8Array());
          if (value === null) this.#ids.delete(id);
          else this.#ids.add(id);
        }
        from = batch.next_offset;
      }
      return from;
    } catch (error) {
      if (isNervelineError(error, 'NL-LOG-008')) return after;
      throw error;
    }
  }
}
