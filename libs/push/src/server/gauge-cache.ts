import type { Topic } from '@nerveline/contracts';
import { NervelineError } from '@nerveline/kernel';
import type { PushLimits } from '../limits';
import type { PushRecord } from './push-record';

/** One partition's latest records by key, and its removed keys, both in the order of the log. */
interface Latest {
  readonly values: Map<string, PushRecord>;
  readonly removed: Map<string, PushRecord>;
  /** Removals below this offset are forgotten. */
  floor: number;
}

/**
 * The latest record by key of one topic, and the keys that were removed lately. What a client missed is a suffix of
 * them, so conflating for a slow or returning client costs it no memory of its own.
 */
export class GaugeCache {
  readonly #partitions: Latest[];
  #bytes = 0;
  #overflowed = false;

  constructor(
    private readonly topic: Topic,
    private readonly limits: PushLimits,
  ) {
    this.#partitions = Array.from({ length: topic.partitions }, () => ({
      values: new Map(),
      removed: new Map(),
      floor: 0,
    }));
  }

  apply(records: readonly PushRecord[]): void {
    if (this.#overflowed) return;
    for (const record of records) {
      const latest = this.#partitions[record.partition];
      if (latest !== undefined && record.key !== null) this.#put(latest, record.key, record);
    }
    if (this.#bytes <= this.limits.gauge_bytes_max) return;
    this.#overflowed = true;
    this.#partitions.length = 0;
  }

  /** Removals below this offset are not known, or not any more. */
  forgetBelow(partition: number, below: number): void {
    const latest = this.#partitions[partition];
    if (latest !== undefined) latest.floor = Math.max(latest.floor, below);
  }

  /** Does the cache still know every key that was removed at or behind this offset? */
  remembers(partition: number, from: number): boolean {
    return from >= (this.#partitions[partition]?.floor ?? 0);
  }

  /**
   * The latest records of one tenant at or behind an offset, removals included, in the order of the log.
   *
   * @throws NervelineError `NL-PSH-006` when the topic outgrew its bound
   */
  *since(tenant_id: string, partition: number, from: number): Generator<PushRecord> {
    this.checkBound();
    const latest = this.#partitions[partition];
    if (latest === undefined) return;
    const removed = latest.removed.values();
    let gone = removed.next();
    for (const record of latest.values.values()) {
      for (; gone.done !== true && gone.value.offset < record.offset; gone = removed.next()) {
        if (gone.value.offset >= from && gone.value.tenant_id === tenant_id) yield gone.value;
      }
      if (record.offset >= from && record.tenant_id === tenant_id) yield record;
    }
    for (; gone.done !== true; gone = removed.next()) {
      if (gone.value.offset >= from && gone.value.tenant_id === tenant_id) yield gone.value;
    }
  }

  /** @throws NervelineError `NL-PSH-006` */
  checkBound(): void {
    if (!this.#overflowed) return;
    throw new NervelineError('NL-PSH-006', {
      detail: `the latest values of ${this.topic.name} take more than ${this.limits.gauge_bytes_max} bytes`,
    });
  }

  #put(latest: Latest, key: string, record: PushRecord): void {
    const target = record.is_tombstone ? latest.removed : latest.values;
    for (const entries of [latest.values, latest.removed]) {
      this.#bytes -= entries.get(key)?.wire_bytes ?? 0;
      entries.delete(key);
    }
    // Set behind delete: a map keeps the order of insertion, which is the log's.
    target.set(key, record.detach());
    this.#bytes += record.wire_bytes;
    if (latest.removed.size > this.limits.tombstones_max) this.#forgetOldest(latest);
  }

  #forgetOldest(latest: Latest): void {
    const oldest = latest.removed.entries().next();
    if (oldest.done === true) return;
    const [key, record] = oldest.value;
    latest.removed.delete(key);
    latest.floor = Math.max(latest.floor, record.offset + 1);
    this.#bytes -= record.wire_bytes;
  }
}
