import { relayTopics, type RelayProgress, type SourceTable, type TableSnapshot } from '@nerveline/contracts';
import { formatLsn, NervelineError, parseLsn, type Lsn, type OutRecord, type SourceEpoch } from '@nerveline/kernel';

/** What `relay.progress` holds for the slot: kept here between writes, changed only together with one. */
export class ProgressBook {
  #progress: RelayProgress;

  private constructor(progress: RelayProgress) {
    this.#progress = progress;
  }

  static begin(
    slot: string,
    state: { epoch: SourceEpoch; floor_lsn: Lsn; tables: readonly SourceTable[] },
  ): ProgressBook {
    return new ProgressBook({
      format_version: 1,
      slot,
      epoch: state.epoch,
      floor_lsn: formatLsn(state.floor_lsn),
      partitions: partitionsOf(state.tables),
      tables: {},
    });
  }

  /**
   * Takes up what the log holds.
   *
   * @throws NervelineError `NL-CDC-015` when a topic's partition count is another one now: a key may lie elsewhere, so
   *   the tails don't tell what is there
   */
  static resume(progress: RelayProgress, tables: readonly SourceTable[]): ProgressBook {
    const now = partitionsOf(tables);
    for (const [topic, count] of Object.entries(progress.partitions)) {
      if (now[topic] === undefined || now[topic] === count) continue;
      throw new NervelineError('NL-CDC-015', {
        detail: `${topic} was written with ${count} partitions, now ${now[topic]}`,
      });
    }
    return new ProgressBook({ ...progress, partitions: { ...progress.partitions, ...now } });
  }

  get epoch(): SourceEpoch {
    return this.#progress.epoch;
  }

  get floor_lsn(): Lsn {
    return parseLsn(this.#progress.floor_lsn);
  }

  table(name: string): TableSnapshot | undefined {
    return this.#progress.tables[name];
  }

  get rows_by_snapshot(): number {
    return Object.values(this.#progress.tables).reduce((sum, table) => sum + table.rows, 0);
  }

  raiseFloor(floor_lsn: Lsn): void {
    if (floor_lsn > this.floor_lsn) this.#progress = { ...this.#progress, floor_lsn: formatLsn(floor_lsn) };
  }

  recordTable(name: string, snapshot: TableSnapshot): void {
    this.#progress = { ...this.#progress, tables: { ...this.#progress.tables, [name]: snapshot } };
  }

  /** It is to be read anew. */
  forgetTable(name: string): void {
    const { [name]: _forgotten, ...tables } = this.#progress.tables;
    this.#progress = { ...this.#progress, tables };
  }

  record(now_ms: number): OutRecord {
    return {
      topic: relayTopics.progress.name,
      partition: 0,
      key: this.#progress.slot,
      value: Buffer.from(JSON.stringify(this.#progress), 'utf8'),
      timestamp_ms: now_ms,
    };
  }
}

function partitionsOf(tables: readonly SourceTable[]): Record<string, number> {
  return Object.fromEntries(tables.map(({ topic }) => [topic.name, topic.partitions]));
}
