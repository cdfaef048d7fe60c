import type { Generation, Ownership } from '@nerveline/kernel';
import type { GroupMember, JoinOptions } from '@nerveline/log';
import type { Disk } from './disk';
import type { Life, Schedule } from './schedule';

interface Member {
  readonly life: Life;
  readonly options: JoinOptions;
  readonly owned: Map<number, Ownership>;
  left: boolean;
}

/** Shares two partition numbers among the processes that live, and changes its mind. */
export class Group {
  readonly #members: Member[] = [];
  readonly #moving = new Set<number>();

  constructor(
    private readonly disk: Disk,
    private readonly schedule: Schedule,
    private readonly partitions: number,
    private readonly onTrouble: (error: unknown) => void,
  ) {}

  async join(life: Life, options: JoinOptions): Promise<GroupMember> {
    const member: Member = { life, options, owned: new Map(), left: false };
    this.#members.push(member);
    const done = new Promise<void>(() => undefined);
    return { ownerships: member.owned, done, leave: () => this.#leave(member) };
  }

  /** Gives what nobody owns to somebody, and what a dead one owned. */
  balance(): void {
    for (let partition = 0; partition < this.partitions; partition += 1) {
      if (this.#moving.has(partition)) continue;
      const owner = this.#ownerOf(partition);
      if (owner !== undefined && !owner.life.dead && !owner.left) continue;
      owner?.owned.delete(partition);
      const living = this.#living();
      const next = living[Math.floor(this.schedule.random() * living.length)];
      if (next !== undefined) this.#assign(next, partition);
    }
  }

  /** Somebody else is to have it: asked for, or taken from one that seems to be gone. */
  move(partition: number, how: 'asked' | 'taken'): void {
    const owner = this.#ownerOf(partition);
    const others = this.#living().filter((member) => member !== owner);
    const next = others[Math.floor(this.schedule.random() * others.length)];
    const ownership = owner?.owned.get(partition);
    if (next === undefined || owner === undefined || ownership === undefined || this.#moving.has(partition)) return;
    if (how === 'taken') {
      owner.owned.delete(partition);
      this.#assign(next, partition);
      // It learns of it later, and may try to commit until then.
      this.schedule.after(this.schedule.random() * 50, () => owner.options.onLost([ownership]), owner.life);
      return;
    }
    this.#moving.add(partition);
    const go = (): void => {
      if (!this.#moving.delete(partition)) return;
      owner.owned.delete(partition);
      this.#assign(next, partition);
    };
    this.schedule.after(0, () => void owner.options.onRevoked([ownership]).then(go), owner.life);
    // The group waits no longer.
    this.schedule.after(500, go);
  }

  #assign(member: Member, partition: number): void {
    const generation = ((this.disk.generations.get(partition) ?? 0) + 1) as Generation;
    this.disk.generations.set(partition, generation);
    const ownership = { group: member.options.group, partition, generation };
    member.owned.set(partition, ownership);
    this.schedule.after(0, () => void member.options.onAssigned([ownership]).catch(this.onTrouble), member.life);
  }

  async #leave(member: Member): Promise<void> {
    member.left = true;
    await member.options.onRevoked([...member.owned.values()]);
    member.owned.clear();
    this.balance();
  }

  #living(): Member[] {
    return this.#members.filter(({ life, left }) => !life.dead && !left);
  }

  #ownerOf(partition: number): Member | undefined {
    return this.#members.find(({ owned }) => owned.has(partition));
  }
}
