import type { Log } from '@nerveline/log';
import { listTopics, readListChange, type ListChange, type ListRow } from './list-change';
import { listView, type ListView } from './lists';

/** What a replay needs of the log. */
export type LogHistory = Pick<Log, 'read' | 'tail' | 'partitionCount'>;

interface Version {
  readonly place: string;
  readonly offset: number;
  /** Undefined when the change removed the row. */
  readonly row: ListRow | undefined;
}

/**
 * The lists as they were at any vector: for each key what its changes made of it. For replays, which look back; it holds
 * every change that the log still has.
 */
export class ListHistory {
  readonly #versions = { block_list: new Map<string, Version[]>(), card_profiles: new Map<string, Version[]>() };

  static async read(log: LogHistory): Promise<ListHistory> {
    const history = new ListHistory();
    for (const topic of listTopics) {
      const partitions = await log.partitionCount(topic);
      for (let partition = 0; partition < partitions; partition += 1)
        await history.#readPartition(log, topic, partition);
    }
    return history;
  }

  /** What a decision with these offsets saw. */
  at(offsets: Readonly<Record<string, number>>): ListView {
    return listView((list, key) => {
      const seen = ({ place, offset }: Version) => offset < (offsets[place] ?? 0);
      return this.#versions[list].get(key)?.findLast(seen)?.row;
    });
  }

  async #readPartition(log: LogHistory, topic: string, partition: number): Promise<void> {
    const { start_offset, next_offset } = await log.tail(topic, partition);
    for (let from = start_offset; from < next_offset;) {
      const batch = await log.read({ topic, partition, from });
      for (const record of batch.records) {
        const change = readListChange(record);
        if (change !== undefined) this.#add({ place: `${topic}/${partition}`, offset: record.offset }, change);
      }
      from = batch.next_offset;
    }
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
