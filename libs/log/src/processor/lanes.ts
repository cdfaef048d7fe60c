import { Fifo } from './fifo';
import type { Job } from './job';

/** Who may run: at most so many lanes of all partitions together, in the order in which they asked. */
export class Slots {
  readonly #waiting = new Fifo<Lane>();
  #granting = false;

  constructor(private free: number) {}

  ask(lane: Lane): void {
    this.#waiting.push(lane);
    this.#grant();
  }

  release(): void {
    this.free += 1;
    this.#grant();
  }

  /** A loop, not a recursion: a lane may be through at once, and ten thousand may wait. */
  #grant(): void {
    if (this.#granting) return;
    this.#granting = true;
    while (this.free > 0 && this.#waiting.length > 0) {
      this.free -= 1;
      this.#waiting.shift()?.start();
    }
    this.#granting = false;
  }
}

export interface LanesOptions {
  readonly slots: Slots;
  readonly max_records: number;
  /** Soft: a unit ends behind the record that passes it. */
  readonly max_bytes: number;
  /** Handles jobs of a lane, and tells the lane when it may go on. */
  run(lane: Lane, jobs: Job[]): void;
}

/** What must be handled one after another: the records of a key, or of a partition. */
export class Lane {
  readonly queue = new Fifo<Job>();
  #state: 'idle' | 'asked' | 'running' = 'idle';
  #looping = false;
  holds_slot = false;

  constructor(
    readonly name: string,
    private readonly lanes: Lanes,
  ) {}

  wake(): void {
    if (this.#state !== 'idle') return;
    this.#state = 'asked';
    this.lanes.options.slots.ask(this);
  }

  /** It has a slot. Handlers that answer at once are run in a loop, not in a recursion. */
  start(): void {
    const { options } = this.lanes;
    if (!this.lanes.hold(this)) return;
    this.#looping = true;
    for (;;) {
      const jobs = this.#take();
      if (jobs.length === 0) break;
      this.#state = 'running';
      options.run(this, jobs);
      if ((this.#state as string) === 'running') {
        this.#looping = false;
        return;
      }
    }
    this.#looping = false;
    this.#rest();
  }

  /** What it was given is through, or is somebody else's now. */
  next(): void {
    this.#state = 'asked';
    if (!this.#looping) this.#rest();
  }

  #rest(): void {
    this.#state = 'idle';
    this.lanes.release(this);
    if (this.queue.length > 0) this.wake();
    else this.lanes.forget(this);
  }

  #take(): Job[] {
    const { max_records, max_bytes } = this.lanes.options;
    const first = this.queue.shift();
    if (first === undefined) return [];
    const jobs = [first];
    let size_bytes = first.size_bytes;
    const alone = (job: Job) => job.alone || job.parked !== undefined;
    while (jobs.length < max_records && size_bytes < max_bytes && !alone(first)) {
      const following = this.queue.at(0);
      if (following === undefined || alone(following)) break;
      this.queue.shift();
      jobs.push(following);
      size_bytes += following.size_bytes;
    }
    return jobs;
  }
}

const MAX_IDLE_LANES = 1_000;

/** The lanes of one partition that have something to do. */
export class Lanes {
  readonly #lanes = new Map<string, Lane>();
  #closed = false;

  constructor(readonly options: LanesOptions) {}

  /** Behind everything that waits in the lane. */
  push(name: string, job: Job): void {
    this.#lane(name).queue.push(job);
  }

  wake(name: string): void {
    this.#lanes.get(name)?.wake();
  }

  /** Before everything that waits in the lane. */
  pushFront(name: string, job: Job): void {
    const lane = this.#lane(name);
    lane.queue.pushFront(job);
    lane.wake();
  }

  /** Drops what hasn't begun. */
  clear(): void {
    for (const lane of this.#lanes.values()) while (lane.queue.shift() !== undefined);
  }

  /** The lane has a slot; false when nothing runs here any more. */
  hold(lane: Lane): boolean {
    if (this.#closed) this.options.slots.release();
    else lane.holds_slot = true;
    return !this.#closed;
  }

  release(lane: Lane): void {
    if (!lane.holds_slot) return;
    lane.holds_slot = false;
    this.options.slots.release();
  }

  /** Nothing here is waited for any more: its slots are for others. */
  close(): void {
    this.#closed = true;
    this.clear();
    for (const lane of this.#lanes.values()) this.release(lane);
  }

  /** It has nothing to do. Some are kept: to make one for each record costs more than all else about it. */
  forget(lane: Lane): void {
    if (this.#lanes.size > MAX_IDLE_LANES) this.#lanes.delete(lane.name);
  }

  #lane(name: string): Lane {
    let lane = this.#lanes.get(name);
    if (lane === undefined) {
      lane = new Lane(name, this);
      this.#lanes.set(name, lane);
    }
    return lane;
  }
}
