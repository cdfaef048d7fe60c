import { offset, type Commit, type OutRecord } from '@nerveline/kernel';
import type { Effects, Log, LogRecord } from '@nerveline/log';
import type { CompactedLog } from '@nerveline/stream';

const toBytes = new TextEncoder();
const toText = new TextDecoder();

interface Kept {
  records: LogRecord[];
  tail: number;
}

/**
 * Compacted topics of one partition each, one reader's positions in them, and the state that it commits, all in memory:
 * what a follower of tables finds after it was away, with compaction at the test's command.
 */
export class CompactedTopics implements CompactedLog, Pick<Log, 'state'> {
  /** What was committed for others to read, in its order. */
  readonly appended: OutRecord[] = [];
  readonly #topics = new Map<string, Kept>();
  readonly #stored = new Map<string, Map<string, Uint8Array>>();
  readonly #read_to = new Map<string, number>();

  readonly state = {
    get: (store: string, key: string) => this.#stored.get(store)?.get(key),
    scan: (store: string, prefix: string) =>
      [...(this.#stored.get(store) ?? [])].filter(([key]) => key.startsWith(prefix)),
  };

  constructor(private readonly group: string) {}

  /** Appends a record; without a value it is a tombstone, without a key it concerns the whole table. */
  put(topic: { readonly name: string }, key: string | null, value: object | null): void {
    const kept = this.#kept(topic.name);
    kept.records.push({
      topic: topic.name,
      partition: 0,
      offset: offset(kept.tail),
      key: key === null ? null : toBytes.encode(key),
      value: value === null ? null : toBytes.encode(JSON.stringify(value)),
      headers: {},
      timestamp_ms: 0,
      appended_ms: 0,
    });
    kept.tail += 1;
  }

  /** Compaction with all that it may do to a key in the course of days: nothing of it is left. */
  wipe(topic: { readonly name: string }, key: string): void {
    const kept = this.#kept(topic.name);
    kept.records = kept.records.filter((record) => record.key === null || toText.decode(record.key) !== key);
  }

  /** Hands on what wasn't read yet, a batch for each topic, and keeps what comes of it, as a consumer does. */
  async feed(
    topics: readonly string[],
    handle: (records: readonly LogRecord[]) => Effects | Promise<Effects>,
  ): Promise<void> {
    for (const topic of topics) {
      const { records, tail } = this.#kept(topic);
      await this.commit(await handle(records.filter((record) => record.offset >= (this.#read_to.get(topic) ?? 0))));
      this.#read_to.set(topic, tail);
    }
  }

  async commit({ state = [], appends = [] }: Commit) {
    this.appended.push(...appends);
    for (const { store, key, value } of state) {
      const rows = this.#stored.get(store) ?? new Map<string, Uint8Array>();
      this.#stored.set(store, rows);
      if (value === null) rows.delete(key);
      else rows.set(key, value);
    }
    return [];
  }

  async positions(group: string) {
    if (group !== this.group) return [];
    return [...this.#read_to].map(([topic, next]) => ({
      group,
      topic,
      partition: 0,
      next_offset: offset(next),
      applied_above: [],
    }));
  }

  async partitionCount() {
    return 1;
  }

  async tail(topic: string) {
    return { start_offset: offset(0), next_offset: offset(this.#kept(topic).tail), last: undefined };
  }

  async read({ topic, from }: { readonly topic: string; readonly from: number }) {
    const { records, tail } = this.#kept(topic);
    return {
      records: records.filter((record) => record.offset >= from),
      next_offset: offset(tail),
      tail_offset: offset(tail),
    };
  }

  #kept(topic: string): Kept {
    const known = this.#topics.get(topic) ?? { records: [], tail: 0 };
    this.#topics.set(topic, known);
    return known;
  }
}
