import { recordHeaders, topics } from '@nerveline/contracts';
import type { StateWrite } from '@nerveline/kernel';
import type { Effects, Log, LogRecord } from '@nerveline/log';
import type { EventClocks } from '@nerveline/stream';
import { listTopics, readListChange, type ListRow } from './list-change';
import type { Lists } from './lists';
import { decodeStored, encodeStored } from './stored-value';

/** The consumer group of the lists. */
export const LISTS_GROUP = 'fraud-scoring.lists';
const STORES: readonly ListRow['list'][] = ['block_list', 'card_profiles'];

/** A list's row as it is kept. */
interface StoredRow {
  readonly partition: number;
  readonly row: ListRow;
}

/** Keeps lists and event clocks in step with the source's tables. */
export class FollowLists {
  static readonly topics = [...listTopics, topics.eventClock.name];

  constructor(
    private readonly ports: {
      readonly log: Log;
      readonly lists: Lists;
      readonly clocks: EventClocks;
      /** Milliseconds from a change's commit at the source to the moment from which decisions see it. */
      onApplied(age_ms: number): void;
      readonly wall: { now_ms(): number };
    },
  ) {}

  /** Takes up where an earlier run stopped: rows and offsets were kept in one step. */
  async restore(): Promise<void> {
    const { log, lists, clocks } = this.ports;
    const positions = await log.positions(LISTS_GROUP);
    const offsets = positions
      .filter(({ topic }) => listTopics.includes(topic))
      .map(({ topic, partition, next_offset }) => [`${topic}/${partition}`, next_offset] as const);
    lists.restore(this.#storedRows(), Object.fromEntries(offsets));
    await clocks.restore(log);
  }

  /** Takes a batch over; from here on every decision sees it. */
  handle(records: readonly LogRecord[]): Effects {
    const writes = new Map<string, StateWrite>();
    for (const record of records) {
      if (record.topic === topics.eventClock.name) this.ports.clocks.apply(record);
      else this.#applyToLists(record, writes);
      this.#measure(record);
    }
    return { state: [...writes.values()] };
  }

  #applyToLists(record: LogRecord, writes: Map<string, StateWrite>): void {
    const change = readListChange(record);
    const gone = this.ports.lists.apply(record, change);
    if (change === undefined) return;
    for (const key of gone) writes.set(key, { store: change.list, key, value: null });
    if (change.kind !== 'put') return;
    const value = encodeStored({ partition: record.partition, row: change.row } satisfies StoredRow);
    writes.set(change.key, { store: change.list, key: change.key, value });
  }

  #measure({ headers }: LogRecord): void {
    const committed_ms = Number(headers[recordHeaders.committed_ms]);
    if (Number.isFinite(committed_ms)) this.ports.onApplied(this.ports.wall.now_ms() - committed_ms);
  }

  *#storedRows(): Generator<readonly [string, StoredRow]> {
    for (const store of STORES) {
      for (const [key, bytes] of this.ports.log.state.scan(store, '')) yield [key, decodeStored<StoredRow>(bytes)];
    }
  }
}
