import { NervelineError, offset, type Commit, type InputPosition, type RecordPosition } from '@nerveline/kernel';
import type { Log, LogRecord, PartitionTail, ReadBatch, ReadRequest } from '@nerveline/log';
import { TOPICS, type Disk } from './disk';
import type { Group } from './group';
import type { Life, Schedule } from './schedule';

/** What a mutation breaks: each one is a guard that the processor relies on or must keep. */
export interface Sabotage {
  commit?(commit: Commit): readonly Commit[];
  positions?(positions: readonly InputPosition[]): readonly InputPosition[];
  read?(batch: ReadBatch, request: ReadRequest): ReadBatch;
  readonly ignores_generation?: boolean;
}

export interface World {
  readonly disk: Disk;
  readonly schedule: Schedule;
  readonly group: Group;
  readonly sabotage: Sabotage;
  /** Share of the operations that fail. */
  fault_rate: number;
}

const MAX_LATENCY_MS = 4;

/** The log of one process, over a disk and a network that fail: what was done may never be answered. */
export class FaultyLog implements Log {
  readonly #waiting = new Set<() => void>();

  constructor(
    private readonly world: World,
    private readonly life: Life,
  ) {}

  readonly state = {
    get: (store: string, key: string): Uint8Array | undefined => this.world.disk.state.get(`${store}/${key}`),
    *scan(): Iterable<readonly [string, Uint8Array]> {},
  };

  async append(records: NonNullable<Commit['appends']>): Promise<readonly RecordPosition[]> {
    return this.commit({ appends: records });
  }

  async commit(commit: Commit): Promise<readonly RecordPosition[]> {
    const { disk, schedule, sabotage } = this.world;
    let placed: readonly RecordPosition[] = [];
    for (const part of sabotage.commit?.(commit) ?? [commit]) {
      placed = await this.#later(() => disk.apply(part, schedule.now_ms, sabotage.ignores_generation !== true));
      // Durable now, and whoever waits doesn't know it yet.
      await this.#latency();
    }
    return placed;
  }

  async read(request: ReadRequest): Promise<ReadBatch> {
    const { disk, schedule, sabotage } = this.world;
    return this.#later(() => {
      const all = disk.partition(request.topic, request.partition);
      const count = Math.min(request.max_records ?? 100, 1 + Math.floor(schedule.random() * 8));
      const records = all.slice(request.from, request.from + count);
      const next_offset = offset(request.from + records.length);
      const batch = { records, next_offset, tail_offset: offset(all.length) };
      return sabotage.read?.(batch, request) ?? batch;
    });
  }

  waitForRecords(positions: Parameters<Log['waitForRecords']>[0], signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const end = (found: boolean): void => {
        this.#waiting.delete(look);
        signal.removeEventListener('abort', abort);
        this.world.schedule.after(this.world.schedule.random() * MAX_LATENCY_MS, () => resolve(found), this.life);
      };
      const look = (): void => {
        const { disk } = this.world;
        if (positions.some((one) => disk.partition(one.topic, one.partition).length > one.next_offset)) end(true);
      };
      const abort = (): void => end(false);
      signal.addEventListener('abort', abort);
      this.#waiting.add(look);
      if (signal.aborted) end(false);
      else look();
    });
  }

  onAppend(): void {
    for (const look of this.#waiting) look();
  }

  async partitionCount(topic: string): Promise<number> {
    return TOPICS[topic] ?? 0;
  }

  tail(topic: string, partition: number): Promise<PartitionTail> {
    return this.#later(() => {
      const records = this.world.disk.partition(topic, partition);
      const last: LogRecord | undefined = records.at(-1);
      return { next_offset: offset(records.length), start_offset: offset(0), last };
    });
  }

  positions(): Promise<readonly InputPosition[]> {
    const { disk, sabotage } = this.world;
    return this.#later(() => {
      const all = [...disk.positions.values()];
      return sabotage.positions?.(all) ?? all;
    });
  }

  join(options: Parameters<Log['join']>[0]): ReturnType<Log['join']> {
    return this.world.group.join(this.life, options);
  }

  offsetAt = (): never => this.#unused();
  groups = (): never => this.#unused();
  truncateBefore = (): never => this.#unused();
  describe = (): never => this.#unused();
  ownerOf = (): never => this.#unused();
  async close(): Promise<void> {}

  #unused(): never {
    throw new Error('the processor needs no such thing');
  }

  #latency(): Promise<void> {
    const { schedule } = this.world;
    return new Promise((resolve) => schedule.after(schedule.random() * MAX_LATENCY_MS, resolve, this.life));
  }

  /** Does it a while later, or fails without having done it. */
  async #later<T>(act: () => T): Promise<T> {
    const { schedule, fault_rate } = this.world;
    await this.#latency();
    if (schedule.random() < fault_rate) throw new NervelineError('NL-LOG-003', { detail: 'a fault of the simulation' });
    return act();
  }
}
