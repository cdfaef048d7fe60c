import type { DeadLetterFilter, HeldRecord } from '@nerveline/contracts';
import { NervelineError, type Offset, type Ownership } from '@nerveline/kernel';
import { backoffMs } from '../consumer/backoff';
import { deferred, type Deferred } from '../consumer/deferred';
import type { GroupMember } from '../ports/group';
import type { Log } from '../ports/log';
import { unlessAbsent } from './absent-topic';
import type { InputWindow } from './input-window';
import { KeyNames } from './job';
import { Slots } from './lanes';
import type { Processor, ProcessorOptions, SettleDeadLetters } from './options';
import { Room } from './room';
import { settle, type ProcessorSettings } from './settings';
import { Share, type ProcessorParts } from './share';
import { sleep, systemTimers, type Timers } from './timers';

/**
 * Handles the records of topics: those of one key one after another, those of different keys side by side. What a
 * handler gives back becomes durable together with how far the group is, so it takes effect once, whatever is killed
 * when; the position never passes a record that isn't settled.
 *
 * `done` rejects with what ended it: an error that is nobody's to handle, or a log that is.
 *
 * @throws NervelineError `NL-LOG-031`
 */
export function processor(log: Log, options: ProcessorOptions): Processor {
  return startProcessor(log, options, systemTimers);
}

/** The same in a time of one's own. */
export function startProcessor(log: Log, options: ProcessorOptions, timers: Timers): Processor {
  const run = new ProcessorRun(log, settle(options), timers);
  run.start();
  return run;
}

interface Catcher {
  readonly targets: ReadonlyMap<InputWindow, Offset>;
  readonly reached: Deferred<void>;
}

export class ProcessorRun implements Processor {
  readonly done: Promise<void>;
  readonly #shares = new Map<number, Share>();
  readonly #parts: ProcessorParts;
  readonly #started = deferred<void>();
  readonly #done = deferred<void>();
  readonly #catchers = new Set<Catcher>();
  readonly #over = new AbortController();
  #member: GroupMember | undefined;
  #stopping: Promise<void> | undefined;

  constructor(
    private readonly log: Log,
    private readonly settings: ProcessorSettings,
    private readonly timers: Timers,
  ) {
    this.done = this.#done.promise;
    this.#parts = {
      log,
      settings,
      timers,
      slots: new Slots(settings.concurrency),
      room: new Room(settings.max_in_flight_bytes),
      names: new KeyNames(),
      isHurried: () => this.#catchers.size > 0,
      onProgress: () => this.#settleCatchers(),
      onFenced: (share, error) => this.#fenced(share, error),
      onFatal: (error) => this.#end(error),
    };
  }

  start(): void {
    this.#join().catch((error: unknown) => this.#end(error));
  }

  get next_offsets(): Readonly<Record<string, number>> {
    const windows = [...this.#shares.values()].flatMap((share) => share.windows);
    return Object.fromEntries(
      windows.map(({ place, committed_offset }) => [`${place.topic}/${place.partition}`, committed_offset]),
    );
  }

  get load() {
    const shares = [...this.#shares.values()];
    const sum = (of: (share: Share) => number) => shares.reduce((total, share) => total + of(share), 0);
    return {
      partitions: shares.length,
      in_flight_bytes: this.#parts.room.used_bytes,
      in_flight_records: sum((share) => share.windows.reduce((total, window) => total + window.length, 0)),
      parked_keys: sum(({ parking }) => parking?.keys ?? 0),
      parked_records: sum(({ parking }) => parking?.size ?? 0),
    };
  }

  ownership(partition: number): Ownership | undefined {
    return this.#shares.get(partition)?.ownership;
  }

  redrive(filter: DeadLetterFilter, settling: SettleDeadLetters = {}): Promise<readonly HeldRecord[]> {
    return this.#settleDeadLetters('redrive', filter, settling);
  }

  discard(filter: DeadLetterFilter, settling: SettleDeadLetters = {}): Promise<readonly HeldRecord[]> {
    return this.#settleDeadLetters('discard', filter, settling);
  }

  async caughtUp(): Promise<void> {
    await Promise.race([this.#started.promise, this.done]);
    if (this.#over.signal.aborted || this.#stopping !== undefined) throw stopped();
    const targets = new Map<InputWindow, Offset>();
    for (const { windows } of this.#shares.values()) {
      for (const window of windows) {
        const tail = await unlessAbsent(this.log.tail(window.place.topic, window.place.partition));
        if (tail !== undefined) targets.set(window, tail.next_offset);
      }
    }
    const catcher: Catcher = { targets, reached: deferred() };
    this.#catchers.add(catcher);
    for (const { committer } of this.#shares.values()) committer.hurry();
    this.#settleCatchers();
    const end = this.done.then(() => Promise.reject(stopped()));
    await Promise.race([catcher.reached.promise, end]);
  }

  async stop(): Promise<void> {
    this.#stopping ??= this.#leave();
    await this.#stopping;
    await this.done;
  }

  async #settleDeadLetters(
    how: 'redrive' | 'discard',
    filter: DeadLetterFilter,
    settling: SettleDeadLetters,
  ): Promise<HeldRecord[]> {
    const letters: HeldRecord[] = [];
    for (const { office } of [...this.#shares.values()]) {
      if (office !== undefined) letters.push(...(await office.settle(how, filter, settling)));
    }
    return letters;
  }

  async #join(): Promise<void> {
    const { group, topics, failures, address, session_ms } = this.settings;
    await this.#checkPartitions();
    if (this.#over.signal.aborted) return;
    const held = failures === 'stop' ? [] : [failures.parked];
    const member = await this.log.join({
      group,
      topics: [...topics, ...held],
      session_ms,
      ...(address !== undefined && { address }),
      onAssigned: (ownerships) => this.#assigned(ownerships),
      onRevoked: (ownerships) => this.#revoked(ownerships),
      onLost: (ownerships) => this.#lost(ownerships, new NervelineError('NL-LOG-004', { detail: 'lost' })),
    });
    this.#member = member;
    this.#started.resolve();
    if (this.#over.signal.aborted) await member.leave();
    member.done.then(
      () => this.#end(undefined),
      (error: unknown) => this.#end(error),
    );
  }

  /** Held records lie in the partition of the same number. */
  async #checkPartitions(): Promise<void> {
    const { topics, failures } = this.settings;
    if (failures === 'stop') return;
    for (const held of [failures.parked, failures.dead_letters]) {
      const there = await this.log.partitionCount(held);
      for (const topic of topics) {
        const wanted = await this.log.partitionCount(topic);
        if (there >= wanted) continue;
        throw new NervelineError('NL-LOG-031', {
          detail: `${held} has ${there} partitions, and ${topic}, whose records it may hold, has ${wanted}`,
        });
      }
    }
  }

  async #assigned(ownerships: readonly Ownership[]): Promise<void> {
    const shares = ownerships.map((ownership) => new Share(ownership, this.#parts));
    for (const share of shares) this.#shares.set(share.ownership.partition, share);
    const positions = await this.#retrying(() => this.log.positions(this.settings.group));
    for (const share of shares) await this.#retrying(() => share.takeUp(positions));
    for (const share of shares) if (this.#shares.get(share.ownership.partition) === share) share.start();
  }

  async #revoked(ownerships: readonly Ownership[]): Promise<void> {
    const shares = this.#remove(ownerships);
    await Promise.all(shares.map((share) => share.drain()));
    this.#forget(shares);
  }

  #lost(ownerships: readonly Ownership[], error: unknown): void {
    const shares = this.#remove(ownerships);
    for (const share of shares) share.drop(error);
    this.#forget(shares);
  }

  #remove(ownerships: readonly Ownership[]): Share[] {
    return ownerships.flatMap(({ partition, generation }) => {
      const share = this.#shares.get(partition);
      if (share === undefined || share.ownership.generation > generation) return [];
      this.#shares.delete(partition);
      return [share];
    });
  }

  /** Whoever waits for what went elsewhere waits for the rest. */
  #forget(shares: readonly Share[]): void {
    for (const catcher of this.#catchers) {
      const targets = new Map(catcher.targets);
      for (const { windows } of shares) for (const window of windows) targets.delete(window);
      this.#catchers.delete(catcher);
      this.#catchers.add({ ...catcher, targets });
    }
    this.#settleCatchers();
  }

  /** The group says so itself before long; a log that was taken over as a whole doesn't. */
  #fenced(share: Share, error: unknown): void {
    const { partition, generation } = share.ownership;
    share.drop(error);
    this.timers.after(this.settings.session_ms, () => {
      const listed = this.#member?.ownerships.get(partition);
      if (this.#shares.get(partition) === share && listed?.generation === generation) this.#end(error);
    });
  }

  async #leave(): Promise<void> {
    await Promise.race([this.#started.promise, this.done.catch(() => undefined)]);
    if (this.#over.signal.aborted) return;
    try {
      await this.#member?.leave();
      this.#end(undefined);
    } catch (error) {
      this.#end(error);
    }
  }

  #end(error: unknown): void {
    if (this.#over.signal.aborted) return;
    this.#over.abort();
    for (const share of this.#shares.values()) share.drop(error);
    this.#shares.clear();
    if (error === undefined) return this.#done.resolve();
    // Others may have its partitions at once, not when its session has run out.
    const leaving = this.#stopping === undefined ? this.#member?.leave() : undefined;
    void this.#reject(leaving, error);
  }

  async #reject(leaving: Promise<void> | undefined, error: unknown): Promise<void> {
    await leaving?.catch(() => undefined);
    this.#done.reject(error);
  }

  async #retrying<T>(act: () => Promise<T>): Promise<T> {
    for (let failures = 1; ; failures += 1) {
      try {
        return await act();
      } catch (error) {
        if (!(error instanceof NervelineError) || !error.retriable || this.#over.signal.aborted) throw error;
        this.settings.onRetry(error, failures);
        await sleep(
          this.timers,
          backoffMs(failures, () => this.timers.random()),
          this.#over.signal,
        );
      }
    }
  }

  #settleCatchers(): void {
    for (const catcher of this.#catchers) {
      const reached = [...catcher.targets].every(([window, target]) => window.committed_offset >= target);
      if (!reached) continue;
      this.#catchers.delete(catcher);
      catcher.reached.resolve();
    }
  }
}

const stopped = (): NervelineError => new NervelineError('NL-LOG-015', { detail: 'the processor was stopped' });
