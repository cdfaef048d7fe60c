import { offset, type InputPosition, type Offset, type Ownership } from '@nerveline/kernel';
import type { Log, ReadBatch } from '../ports/log';
import { unlessAbsent } from './absent-topic';
import { Committer } from './committer';
import { DeadlineWatch } from './deadline-watch';
import { InputWindow } from './input-window';
import { Intake, type IntakeInput } from './intake';
import { Job, type KeyNames } from './job';
import { Lanes, type Slots } from './lanes';
import type { HeldTopicNames } from './options';
import { Parking } from './parking';
import type { Room } from './room';
import { DeadLetterOffice } from './dead-letter-office';
import type { ProcessorSettings } from './settings';
import { sleep, type Timers } from './timers';
import { UnitRunner } from './unit-runner';

/** What all partitions of a processor have in common. */
export interface ProcessorParts {
  readonly log: Log;
  readonly settings: ProcessorSettings;
  readonly timers: Timers;
  readonly slots: Slots;
  readonly room: Room;
  readonly names: KeyNames;
  /** Somebody waits for positions: they are committed at once. */
  isHurried(): boolean;
  /** A position went on. */
  onProgress(): void;
  onFenced(share: Share, error: unknown): void;
  onFatal(error: unknown): void;
}

/** One partition number of a processor, while this process owns it. */
export class Share {
  readonly windows: InputWindow[] = [];
  readonly parking: Parking | undefined;
  readonly committer: Committer;
  readonly office: DeadLetterOffice | undefined;
  readonly held_by: string;
  readonly #runner: UnitRunner;
  readonly #watch: DeadlineWatch;
  readonly #lanes: Lanes;
  readonly #draining = new AbortController();
  readonly #closed = new AbortController();
  #told_floor = -1;
  #reading: Promise<void> = Promise.resolve();

  constructor(
    readonly ownership: Ownership,
    private readonly parts: ProcessorParts,
  ) {
    const { settings, timers } = parts;
    const { failures } = settings;
    this.held_by = `${ownership.generation}-${Math.floor(timers.random() * 2 ** 48).toString(36)}`;
    this.committer = this.#makeCommitter();
    this.#watch = new DeadlineWatch(timers, settings.deadline_ms);
    this.parking = failures === 'stop' ? undefined : this.#makeParking(failures);
    this.office = failures === 'stop' ? undefined : this.#makeOffice(failures);
    this.#runner = new UnitRunner({
      ...parts,
      watch: this.#watch,
      partition: ownership.partition,
      held_by: this.held_by,
      committer: this.committer,
      held: failures === 'stop' || this.parking === undefined ? undefined : { topics: failures, parking: this.parking },
      draining: this.#draining.signal,
      unsettled: (topic) => this.#unsettled(topic),
    });
    this.#lanes = new Lanes({
      ...settings.unit,
      slots: parts.slots,
      run: (lane, jobs) => this.#runner.run(lane, jobs),
    });
  }

  /** Learns how far the group is, and what it holds. */
  async takeUp(positions: readonly InputPosition[]): Promise<void> {
    const { log, settings, room } = this.parts;
    const { group, partition } = this.ownership;
    const known = new Map(positions.filter((one) => one.partition === partition).map((one) => [one.topic, one]));
    const begun: InputWindow[] = [];
    this.windows.length = 0;
    for (const topic of settings.topics) {
      if (partition >= (await log.partitionCount(topic))) continue;
      const at = known.get(topic) ?? { next_offset: await this.#beginning(topic), applied_above: [] };
      const window = new InputWindow({ group, topic, partition }, at, room);
      this.windows.push(window);
      if (!known.has(topic)) begun.push(window);
    }
    // A group that begins at the tail and dies before its first record goes on from there, not from a later tail.
    if (settings.from === 'latest' && begun.length > 0) {
      await log.commit({ ownership: this.ownership, positions: begun.map((window) => window.position()) });
    }
    if (this.parking !== undefined) await this.#readParked(this.parking, known);
  }

  start(): void {
    if (this.#draining.signal.aborted) return;
    this.parking?.open();
    const inputs = this.windows.map((window) => this.#inputOf(window));
    const { parking } = this;
    const intake = new Intake({
      ...this.parts,
      inputs: parking === undefined ? inputs : [...inputs, this.#parkedInput(parking)],
      read_bytes: this.parts.settings.read_bytes,
      signal: this.#draining.signal,
    });
    this.#reading = intake.run().catch((error: unknown) => {
      if (!this.#draining.signal.aborted) this.parts.onFatal(error);
    });
  }

  /** Ends what is in hand and commits it; what takes too long is left to the next owner. */
  async drain(): Promise<void> {
    const { timers, settings } = this.parts;
    this.#leave();
    const over = new AbortController();
    const too_late = sleep(timers, settings.drain_ms, over.signal);
    await Promise.race([this.#watch.idle(), too_late]);
    this.#watch.cut(new Error('the partition goes to another owner'));
    await Promise.race([this.committer.flush(), too_late]);
    over.abort();
    this.#close();
    await this.#reading;
  }

  /** It belongs to somebody else already. */
  drop(error: unknown): void {
    this.#leave();
    this.#close();
    this.#watch.cut(error);
  }

  get isClosed(): boolean {
    return this.#closed.signal.aborted;
  }

  #leave(): void {
    this.#draining.abort();
    this.#lanes.clear();
    this.parking?.close();
  }

  #close(): void {
    if (this.isClosed) return;
    this.#closed.abort();
    this.committer.stop();
    this.#watch.stop();
    this.#lanes.close();
    for (const window of this.windows) window.close();
  }

  #makeCommitter(): Committer {
    const { log, settings, timers, isHurried, onProgress, onFenced, onFatal } = this.parts;
    return new Committer({
      ownership: this.ownership,
      timers,
      interval_ms: () => (isHurried() ? 0 : settings.commit_interval_ms),
      signal: this.#closed.signal,
      commit: (commit) => log.commit(commit),
      extraPositions: () => this.#parkedPosition(),
      onDurable: onProgress,
      onRetry: settings.onRetry,
      onFenced: (error) => onFenced(this, error),
      onFatal,
    });
  }

  #makeParking(topics: HeldTopicNames): Parking {
    const { log, settings, names, timers, onFatal } = this.parts;
    return new Parking({
      log,
      group: settings.group,
      partition: this.ownership.partition,
      topics,
      names,
      timers,
      policy: settings.retry,
      held_by: this.held_by,
      retry: (job) => {
        const lane = this.#laneOf(job);
        this.#lanes.pushFront(lane, job);
      },
      onFatal,
    });
  }

  #makeOffice(topics: HeldTopicNames): DeadLetterOffice | undefined {
    const { committer, parking, held_by } = this;
    if (parking === undefined) return undefined;
    const { group, partition } = this.ownership;
    const closed = this.#closed.signal;
    return new DeadLetterOffice({ ...this.parts, group, partition, topics, held_by, committer, parking, closed });
  }

  /** Batches are of one topic. */
  #laneOf(job: Job): string {
    return 'handleBatch' in this.parts.settings.handler ? job.record.topic : job.key;
  }

  #inputOf(window: InputWindow): IntakeInput {
    const { room, settings } = this.parts;
    const { topic, partition } = window.place;
    const { parking } = this;
    return {
      topic,
      partition,
      get next_offset() {
        return window.read_offset;
      },
      get room_records() {
        return Math.max(1, settings.max_ahead_records - window.length);
      },
      isFull: () =>
        window.length >= settings.max_ahead_records ||
        (window.length > 0 && room.isSpent()) ||
        (parking !== undefined && parking.size >= settings.max_parked_records),
      take: (batch) => this.#admit(window, batch),
    };
  }

  #admit(window: InputWindow, { records, next_offset }: ReadBatch): void {
    const batches = 'handleBatch' in this.parts.settings.handler;
    for (const record of records) {
      const job = new Job(record, this.parts.names.name(record), window, undefined);
      if (!window.admit(job)) continue;
      this.#lanes.push(batches ? record.topic : job.key, job);
      if (!batches) this.#lanes.wake(job.key);
    }
    window.advance(next_offset);
    if (batches) this.#lanes.wake(window.place.topic);
    if (window.length === 0) this.parts.onProgress();
  }

  #parkedInput(parking: Parking): IntakeInput {
    const { failures } = this.parts.settings;
    return {
      topic: failures === 'stop' ? '' : failures.parked,
      partition: this.ownership.partition,
      room_records: this.parts.settings.max_ahead_records,
      get next_offset() {
        return parking.read_offset;
      },
      isFull: () => false,
      take: ({ records, next_offset }) => {
        parking.take(records);
        parking.read_offset = next_offset;
      },
    };
  }

  /** All of it before the first record: a key that waits must not be overtaken. */
  async #readParked(parking: Parking, known: ReadonlyMap<string, InputPosition>): Promise<void> {
    const { log, settings } = this.parts;
    const input = this.#parkedInput(parking);
    const { topic, partition } = input;
    const tail = await unlessAbsent(log.tail(topic, partition));
    const floor = known.get(topic)?.next_offset ?? 0;
    parking.read_offset = offset(Math.max(floor, tail?.start_offset ?? 0));
    while (tail !== undefined && parking.read_offset < tail.next_offset) {
      input.take(await log.read({ topic, partition, from: parking.read_offset, max_bytes: settings.read_bytes }));
    }
  }

  #parkedPosition(): InputPosition[] {
    const { failures, group } = this.parts.settings;
    const floor = this.parking?.floor() ?? 0;
    if (failures === 'stop' || floor <= this.#told_floor) return [];
    this.#told_floor = floor;
    const { partition } = this.ownership;
    return [{ group, topic: failures.parked, partition, next_offset: offset(floor), applied_above: [] }];
  }

  #unsettled(topic: string) {
    const window = this.windows.find(({ place }) => place.topic === topic);
    return { next_offset: window?.committed_offset ?? offset(0), held: this.parking?.heldOf(topic) ?? [] };
  }

  async #beginning(topic: string): Promise<Offset> {
    const { log, settings } = this.parts;
    const tail = await unlessAbsent(log.tail(topic, this.ownership.partition));
    if (tail === undefined) return offset(0);
    return settings.from === 'earliest' ? tail.start_offset : tail.next_offset;
  }
}
