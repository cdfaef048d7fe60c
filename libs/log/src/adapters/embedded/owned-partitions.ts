import type { Ownership } from '@nerveline/kernel';
import type { JoinOptions } from '../../ports/group';
import type { GroupTable } from './group-table';

type Phase = 'taking_up' | 'owned' | 'giving_up' | 'handing_over';

/** What a member owns, and what it was told about it: each partition is taken up, then owned, then given up or lost. */
export class OwnedPartitions {
  readonly ownerships = new Map<number, Ownership>();
  readonly #phases = new Map<number, Phase>();
  readonly #steps = new Set<Promise<void>>();

  constructor(
    private readonly callbacks: Pick<JoinOptions, 'onAssigned' | 'onRevoked' | 'onLost'>,
    /** Hears of a callback or a hand-over that failed. */
    private readonly onFailure: (error: unknown) => void,
    /** Called when a step has ended, since that may make another one possible. */
    private readonly onStep: () => void,
  ) {}

  /** Forgets what has gone to others without our doing. */
  noticeLosses(table: GroupTable): void {
    // What is being handed over may have arrived already: that is no loss.
    const ours = [...this.ownerships.values()].filter(
      ({ partition }) => this.#phases.get(partition) !== 'handing_over',
    );
    this.lose(ours.filter((ownership) => !table.isHeldUnder(ownership)));
  }

  loseAll(): void {
    this.lose([...this.ownerships.values()]);
  }

  /** Begins with what is new. */
  takeUp(owned: readonly Ownership[]): void {
    const fresh = owned.filter(({ partition }) => !this.ownerships.has(partition));
    if (fresh.length === 0) return;
    for (const ownership of fresh) this.ownerships.set(ownership.partition, ownership);
    this.turn(fresh, 'taking_up');
    this.step(async () => {
      await this.callbacks.onAssigned(fresh);
      this.turn(fresh, 'owned');
    });
  }

  /** Prepares those that were taken up for others, then hands them over. */
  giveUp(wanted: (partition: number) => boolean, handOver: (ownerships: readonly Ownership[]) => Promise<void>): void {
    const leaving = [...this.ownerships.values()].filter(
      ({ partition }) => this.#phases.get(partition) === 'owned' && wanted(partition),
    );
    if (leaving.length === 0) return;
    this.turn(leaving, 'giving_up');
    this.step(async () => {
      await this.callbacks.onRevoked(leaving);
      const kept = leaving.filter((ownership) => this.ownerships.get(ownership.partition) === ownership);
      this.turn(kept, 'handing_over');
      await handOver(kept);
      for (const { partition } of kept) this.forget(partition);
    });
  }

  /** Resolves when no callback is under way. */
  async settled(): Promise<void> {
    while (this.#steps.size > 0) await Promise.all(this.#steps);
  }

  private lose(lost: readonly Ownership[]): void {
    if (lost.length === 0) return;
    for (const { partition } of lost) this.forget(partition);
    this.callbacks.onLost(lost);
  }

  private turn(ownerships: readonly Ownership[], phase: Phase): void {
    // One that was lost meanwhile may be here again under a new generation, with a phase of its own.
    for (const ownership of ownerships) {
      if (this.ownerships.get(ownership.partition) === ownership) this.#phases.set(ownership.partition, phase);
    }
  }

  private forget(partition: number): void {
    this.ownerships.delete(partition);
    this.#phases.delete(partition);
  }

  private step(act: () => Promise<void>): void {
    const step = act()
      .catch((error: unknown) => this.onFailure(error))
      .finally(() => {
        this.#steps.delete(step);
        this.onStep();
      });
    this.#steps.add(step);
  }
}
