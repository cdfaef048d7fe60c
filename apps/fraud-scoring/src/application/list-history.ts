import { isNervelineError } from '@nerveline/kernel';
import type { Log, LogRecord } from '@nerveline/log';
import { listTopics, readListChange, type ListChange, type ListRow } from './list-change';
import { seeLists, type Listed, type ListsSeen } from './lists';

/** What a replay needs of the log. */
export type LogHistory = Pick<Log, 'read' | 'tail' | 'partitionCount'>;

interface Version {
  readonly place: string;
  readonly offset: number;
  /** Undefined when the change removed the row. */
  readonly row: ListRow | undefined;
}

/** A partition of a list topic, `topic/partition`. */
interface Place {
  readonly place: string;
  readonly list: ListRow['list'];
  /** Below this offset no record is missing. */
  readonly whole_below: number;
}

/** What nobody can read became a dead letter when it came, and no decision saw it. */
function readable(record: LogRecord): ListChange | undefined {
  try {
    return readListChange(record);
  } catch (error) {
    if (isNervelineError(error, 'NL-LOG-011')) return undefined;
    throw error;
  }
}

/**
 * The lists as they were at any vector, as far as the log still knows it: for each key what its changes made of it. For
 * replays, which look back; it holds every change that the log still has. Read it from a log that isn't compacted meanwhile.
 */
export class ListHistory {
  readonly #versions = { block_list: new Map<string, Version[]>(), card_profiles: new Map<string, Version[]>() };
  readonly #places: Place[] = [];

  static async read(log: LogHistory): Promise<ListHistory> {
    const history = new ListHistory();
    for (const { topic, list } of listTopics) {
      const partitions = await log.partitionCount(topic);
      for (let partition = 0; partition < partitions; partition += 1) {
        const whole_below = await history.#readPartition(log, topic, partition);
        history.#places.push({ place: `${topic}/${partition}`, list, whole_below });
      }
    }
    return history;
  }

  /** What a decision with these offsets saw; undefined when compaction has taken what would tell. */
  see(listed: Listed, offsets: Readonly<Record<string, number>>): ListsSeen | undefined {
    let is_known = true;
    const seen = seeLists((list, key) => {
      const version = this.#versions[list].get(key)?.findLast(({ place, offset }) => offset < (offsets[place] ?? 0));
      // Compaction keeps the last change of a key: one that is there was the last one at that time. None that is there
      // means that there was none, unless some are missing.
      if (version === undefined && !this.#isWhole(list, offsets)) is_known = false;
      return version?.row;
    }, listed);
    return is_known ? seen : undefined;
  }

  #isWhole(of: ListRow['list'], offsets: Readonly<Record<string, number>>): boolean {
    return this.#places.every(({ place, list, whole_below }) => list !== of || (offsets[place] ?? 0) <= whole_below);
  }

  async #readPartition(log: LogHistory, topic: string, partition: number): Promise<number> {
    const { start_offset, next_offset } = await log.tail(topic, partition);
    let whole_below = 0;
    for (let from = start_offset; from < next_offset;) {
      const batch = await log.read({ topic, partition, from });
      for (const record of batch.records) {
        if (record.offset === whole_below) whole_below += 1;
        const change = readable(record);
        if (change !== undefined) this.#add({ place: `${topic}/${partition}`, offset: record.offset }, change);
      }
      from = batch.next_offset;
    }
    return whole_below;
  }

  #add(at: { readonly place: string; readonly offset: number }, change: ListChange): void {
    const rows = this.#versions[change.list];
    if (change.kind === 'clear') {
      for (const versions of rows.values()) {
        if (versions.at(-1)?.place === at.place) versions.push({ ...at, row: undefined });
      }
      return;
    }
    const versions = rows.get(change.key) ?? [];
    versions.push({ ...at, row: change.kind === 'put' ? change.row : undefined });
    rows.set(change.key, versions);
  }
}
