import { recordHeaders, topics } from '@nerveline/contracts';
import type { OutRecord } from '@nerveline/kernel';
import type { Effects, Log, LogRecord } from '@nerveline/log';
import { vanishedKeys, type CompactedLog, type EventClocks } from '@nerveline/stream';
import { auditRow, type RowAct } from './audit-lists';
import { KeptRows, type KeptRow } from './kept-rows';
import {
  blockListChange,
  cardProfileChange,
  listTopics,
  type BlockListChange,
  type CardProfileChange,
  type ListChange,
  type ListRow,
} from './list-change';
import type { Lists } from './lists';

/** The consumer group of the lists. */
export const LISTS_GROUP = 'fraud-scoring.lists';

/** Rows that one commit forgets. */
const FORGET_SLICE = 500;

/** What one commit changes of a list. */
interface Step {
  readonly list: ListRow['list'];
  readonly rows: KeptRows;
  readonly appends: OutRecord[];
}

const effectsOf = ({ rows, appends }: Step) => ({ appends, state: rows.writes });

/** Where the changes come from, and what is known of them is kept. */
export type ListsLog = CompactedLog & Pick<Log, 'commit' | 'state'>;

/** Keeps lists and event clocks in step with the source's tables. */
export class FollowLists {
  static readonly topics = [...listTopics.map(({ topic }) => topic), topics.eventClock.name];

  constructor(
    private readonly ports: {
      readonly log: ListsLog;
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
    for (const { topic, list } of listTopics) await this.#forgetVanished(topic, list);
    const positions = await log.positions(LISTS_GROUP);
    const offsets = positions
      .filter(({ topic }) => listTopics.some((list) => list.topic === topic))
      .map(({ topic, partition, next_offset }) => [`${topic}/${partition}`, next_offset] as const);
    lists.restore(this.#keptRows(), Object.fromEntries(offsets));
    await clocks.restore(log);
  }

  /** Nobody is answered before the lists have caught up, so no decision sees them without these rows and without the rest. */
  async #forgetVanished(topic: string, list: ListRow['list']): Promise<void> {
    const { log } = this.ports;
    const known = [...log.state.scan(list, '')].map(([key]) => key);
    const gone = await vanishedKeys(log, { group: LISTS_GROUP, topic, known });
    for (let i = 0; i < gone.length; i += FORGET_SLICE) {
      const step = this.#begin(list);
      for (const key of gone.slice(i, i + FORGET_SLICE)) {
        this.#forget(step, key, { headers: {}, timestamp_ms: this.ports.wall.now_ms() });
      }
      await log.commit(effectsOf(step));
    }
  }

  /** Takes a batch of the block list over, all of one partition; from here on every decision sees it. */
  blockList(records: readonly LogRecord[], changes: readonly BlockListChange[]): Effects {
    return this.#takeOver('block_list', records, (key, i) => blockListChange(key, changes[i] ?? null));
  }

  /** The same for the card profiles. */
  cardProfiles(records: readonly LogRecord[], changes: readonly CardProfileChange[]): Effects {
    return this.#takeOver('card_profiles', records, (key, i) => cardProfileChange(key, changes[i] ?? null));
  }

  /** Sets the event clocks. */
  eventClock(records: readonly LogRecord[]): void {
    for (const record of records) {
      this.ports.clocks.apply(record);
      this.#measure(record);
    }
  }

  #takeOver(
    list: ListRow['list'],
    records: readonly LogRecord[],
    changeAt: (key: LogRecord['key'], i: number) => ListChange | undefined,
  ): Effects {
    const step = this.#begin(list);
    const changes = records.map(({ key }, i) => changeAt(key, i));
    for (const [i, record] of records.entries()) this.#write(step, changes[i], record);
    // Only now, when nothing can fail any more: what becomes a dead letter must not be seen.
    for (const [i, record] of records.entries()) {
      this.ports.lists.apply(record, changes[i]);
      this.#measure(record);
    }
    return effectsOf(step);
  }

  #begin(list: ListRow['list']): Step {
    return { list, rows: new KeptRows(list, this.ports.log.state), appends: [] };
  }

  /** What is kept of a change, and its audit, for the commit of its position. */
  #write(step: Step, change: ListChange | undefined, record: LogRecord): void {
    if (change === undefined) return;
    const { list, rows, appends } = step;
    const { partition, headers, timestamp_ms } = record;
    switch (change.kind) {
      case 'put': {
        const { key, row, told } = change;
        appends.push(...auditRow({ list, key, known: rows.get(key)?.row, row, told, headers, event_ms: timestamp_ms }));
        rows.set(key, { partition, row });
        return;
      }
      case 'remove':
        return this.#forget(step, change.key, record, change.told);
      case 'clear':
        for (const [key, kept] of [...rows.all()]) {
          if (kept.partition === partition) this.#forget(step, key, record, { op: 't' });
        }
    }
  }

  #forget(
    { list, rows, appends }: Step,
    key: string,
    { headers, timestamp_ms: event_ms }: Pick<LogRecord, 'headers' | 'timestamp_ms'>,
    told?: RowAct['told'],
  ): void {
    const known = rows.get(key)?.row;
    appends.push(...auditRow({ list, key, known, row: undefined, ...(told && { told }), headers, event_ms }));
    rows.set(key, null);
  }

  #measure({ headers }: LogRecord): void {
    const committed_ms = Number(headers[recordHeaders.committed_ms]);
    if (Number.isFinite(committed_ms)) this.ports.onApplied(this.ports.wall.now_ms() - committed_ms);
  }

  *#keptRows(): Generator<readonly [string, KeptRow]> {
    for (const { list } of listTopics) yield* new KeptRows(list, this.ports.log.state).all();
  }
}
