/** What the order needs to know of a record. */
interface Timed {
  readonly timestamp_ms: number;
}

interface Lane<Input> {
  readonly queue: Input[];
  next: number;
  idle: boolean;
  ended: boolean;
}

const COMPACT_AFTER = 1_024;

/**
 * Several partitions as one sequence: always the record with the smallest time among the first ones of all partitions; of
 * equal ones, that of the first partition. A partition that has nothing yet holds the others up, unless it is idle or at
 * its end, so the sequence is a function of what the partitions hold, not of when it came. It is what makes results, their
 * order and look-ups in tables the same at every replay.
 */
export class OrderedInputs<Input extends Timed> {
  readonly #lanes: Lane<Input>[];

  constructor(lanes: number) {
    this.#lanes = Array.from({ length: lanes }, () => ({ queue: [], next: 0, idle: false, ended: false }));
  }

  /** Records that wait for those of other partitions. */
  pending(): Input[] {
    return this.#lanes.flatMap(({ queue, next }) => queue.slice(next));
  }

  add(lane: number, input: Input): void {
    const to = this.#lanes[lane];
    if (to === undefined) return;
    to.queue.push(input);
    to.idle = false;
  }

  /** An idle lane holds nobody up until it gets something. */
  setIdle(lane: number, idle: boolean): void {
    const of = this.#lanes[lane];
    if (of !== undefined) of.idle = idle;
  }

  /** Nothing more will come. */
  end(lane: number): void {
    const of = this.#lanes[lane];
    if (of !== undefined) of.ended = true;
  }

  /** The next record with its lane; undefined while a lane holds it up. */
  take(): { readonly lane: number; readonly input: Input } | undefined {
    let chosen: number | undefined;
    let first_ms = Number.POSITIVE_INFINITY;
    for (const [index, { queue, next, idle, ended }] of this.#lanes.entries()) {
      const head = queue[next];
      if (head === undefined) {
        if (idle || ended) continue;
        return undefined;
      }
      // A time that is none is refused at once, and must not hold anybody up.
      const time_ms = Number.isNaN(head.timestamp_ms) ? Number.NEGATIVE_INFINITY : head.timestamp_ms;
      if (chosen !== undefined && time_ms >= first_ms) continue;
      chosen = index;
      first_ms = time_ms;
    }
    const lane = chosen === undefined ? undefined : this.#lanes[chosen];
    const input = lane?.queue[lane.next];
    if (lane === undefined || chosen === undefined || input === undefined) return undefined;
    lane.next += 1;
    if (lane.next === lane.queue.length || lane.next >= COMPACT_AFTER) {
      lane.queue.splice(0, lane.next);
      lane.next = 0;
    }
    return { lane: chosen, input };
  }
}
