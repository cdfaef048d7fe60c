import { NervelineError, type Generation, type Ownership } from '@nerveline/kernel';
import { pause } from '../../../consumer/backoff';
import { deferred } from '../../../consumer/deferred';
import type { GroupMember, JoinOptions } from '../../../ports/group';
import type { Assigned } from './assign-partitions';
import type { GroupSession } from './group-session';

/** What the log does for a partition number beside its user. */
export interface OwnershipHooks {
  /** Fences the last owner and brings the state up to date. */
  prepare(ownership: Ownership): Promise<void>;
  /** Ends what is under way for it, or drops it where it is gone already. */
  release(ownership: Ownership, how: 'given back' | 'lost'): Promise<void>;
}

interface Owned {
  readonly ownership: Ownership;
  /** Resolves to whether its user was told of it. */
  readonly ready: Promise<boolean>;
}

/**
 * Membership in a Kafka group, by cooperative rounds: a member keeps working on what it keeps while the group shares anew;
 * what it has to give up it drains first, and joins again when it is done. Heartbeats go on all the while.
 */
export class KafkaMember implements GroupMember {
  readonly ownerships = new Map<number, Ownership>();
  readonly done: Promise<void>;
  readonly #owned = new Map<number, Owned>();
  readonly #done = deferred<void>();
  readonly #first = deferred<void>();
  readonly #leaving = new AbortController();
  readonly #ended = new AbortController();
  #wake: () => void = () => undefined;
  #must_join = false;
  #lost = false;
  #failure: Error | undefined;

  constructor(
    private readonly session: GroupSession,
    private readonly options: JoinOptions,
    private readonly hooks: OwnershipHooks,
    private readonly drain_ms: number,
  ) {
    this.done = this.#done.promise;
    // Whoever doesn't ask for it isn't ended by it.
    this.done.catch(() => undefined);
  }

  /** Resolves when the first share has been taken up. */
  async start(): Promise<void> {
    void this.run().then(
      () => {
        this.#first.resolve();
        this.#done.resolve();
      },
      (error: unknown) => {
        this.#first.reject(error);
        this.#done.reject(error);
      },
    );
    await this.#first.promise;
  }

  /** @throws NervelineError `NL-LOG-004` unless this member owns it, under this generation, at this moment */
  check({ partition, generation }: Ownership): void {
    if (this.session.alive && !this.#lost && this.ownerships.get(partition)?.generation === generation) return;
    throw new NervelineError('NL-LOG-004', {
      detail: `partition ${partition} of ${this.options.group} isn't owned in generation ${generation} any more`,
    });
  }

  /** The log was told that somebody else has one of its partitions. */
  fenced(): void {
    this.#lost = true;
    this.#wake();
  }

  async leave(): Promise<void> {
    this.#leaving.abort();
    this.#wake();
    await this.#done.promise.catch(() => undefined);
  }

  private async run(): Promise<void> {
    const beating = this.keepBeating();
    try {
      while (!this.#leaving.signal.aborted) {
        const assigned = await this.session.joinAndSync(this.claims(), this.#leaving.signal);
        if (this.#leaving.signal.aborted) break;
        if (assigned === undefined) {
          await this.loseAll();
          continue;
        }
        this.#must_join = false;
        const gave_back = await this.take(assigned);
        if (!gave_back && !this.#lost) await this.untilSomethingHappens();
        if (this.#lost) await this.loseAll();
        if (this.#failure !== undefined) throw this.#failure;
      }
    } finally {
      // Heartbeats go on until everything is given back: the drain may take longer than a session.
      this.#leaving.abort();
      await this.giveBack([...this.#owned.keys()]);
      if (this.#lost) await this.loseAll();
      await this.session.leave();
      this.#ended.abort();
      await beating;
    }
  }

  /** What it claims when it joins: what it is working on. */
  private claims(): Assigned {
    return new Map([...this.#owned].map(([partition, { ownership }]) => [partition, ownership.generation]));
  }

  /** Takes its share up; true when it gave something back for it. */
  private async take(assigned: Assigned): Promise<boolean> {
    const new_ones: Ownership[] = [];
    const gone = [...this.#owned]
      .filter(([partition, { ownership }]) => assigned.get(partition) !== ownership.generation)
      .map(([partition]) => partition);
    const moves = gone.length > 0;
    await this.giveBack(gone);
    if (this.#lost) return moves;
    for (const [partition, since] of assigned) {
      if (this.#owned.has(partition)) continue;
      new_ones.push({ group: this.options.group, partition, generation: since as Generation });
    }
    const ready = this.begin(new_ones);
    for (const ownership of new_ones) this.#owned.set(ownership.partition, { ownership, ready });
    // The group goes on while this member reads its state; a failure ends it.
    void ready.then(() => this.#failure === undefined && this.#first.resolve());
    return moves;
  }

  private async begin(ownerships: readonly Ownership[]): Promise<boolean> {
    if (ownerships.length === 0) return true;
    try {
      await Promise.all(ownerships.map((ownership) => this.hooks.prepare(ownership)));
      if (this.#lost || this.#leaving.signal.aborted) return false;
      for (const ownership of ownerships) this.ownerships.set(ownership.partition, ownership);
      await this.options.onAssigned(ownerships);
      return true;
    } catch (error) {
      if (error instanceof NervelineError && error.code === 'NL-LOG-004') this.#lost = true;
      else if (!this.#leaving.signal.aborted) this.#failure ??= asError(error);
      this.#wake();
      return this.ownerships.has(ownerships[0]?.partition ?? -1);
    }
  }

  /** They go when their user is done with them, or has taken too long for it. */
  private async giveBack(partitions: readonly number[]): Promise<void> {
    const going = partitions.map((partition) => this.#owned.get(partition)).filter((owned) => owned !== undefined);
    if (going.length === 0) return;
    const late = new AbortController();
    await Promise.race([this.drain(going), this.untilLost(late.signal), pause(this.drain_ms, late.signal)]);
    late.abort();
    if (this.#lost) return;
    for (const { ownership } of going) this.drop(ownership.partition);
  }

  private async drain(going: readonly Owned[]): Promise<void> {
    const told: Ownership[] = [];
    for (const { ownership, ready } of going) if (await ready) told.push(ownership);
    try {
      if (told.length > 0) await this.options.onRevoked(told);
    } catch (error) {
      this.#failure ??= asError(error);
    }
    await Promise.all(going.map(({ ownership }) => this.hooks.release(ownership, 'given back')));
  }

  private async loseAll(): Promise<void> {
    const lost = [...this.ownerships.values()];
    const owned = [...this.#owned.values()];
    this.#lost = false;
    for (const { ownership } of owned) this.drop(ownership.partition);
    if (lost.length > 0) this.options.onLost(lost);
    // Under its old name it may still be waited for.
    await this.session.leave();
    await Promise.all(owned.map(({ ownership }) => this.hooks.release(ownership, 'lost')));
  }

  private drop(partition: number): void {
    this.#owned.delete(partition);
    this.ownerships.delete(partition);
  }

  private async keepBeating(): Promise<void> {
    const { heartbeat_ms } = this.session.terms;
    const { signal } = this.#ended;
    while (!signal.aborted) {
      await pause(heartbeat_ms, signal);
      if (this.session.generation < 0 || signal.aborted) continue;
      try {
        const beat = await this.session.beat();
        if (beat === 'lost') this.#lost = true;
        if (beat === 'rebalancing') this.#must_join = true;
        if (beat !== 'alive') this.#wake();
      } catch (error) {
        this.#failure ??= asError(error);
        this.#wake();
      }
    }
  }

  private async untilSomethingHappens(): Promise<void> {
    while (!this.#must_join && !this.#lost && this.#failure === undefined && !this.#leaving.signal.aborted) {
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  private async untilLost(signal: AbortSignal): Promise<void> {
    while (!this.#lost && !signal.aborted) await pause(this.session.terms.heartbeat_ms, signal);
  }
}

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error('unknown', { cause: error }));
