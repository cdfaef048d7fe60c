interface Timer<Item> {
  readonly at_ms: number;
  /** Order of those of one time: that in which they were set. */
  readonly serial: number;
  readonly item: Item;
}

/** Timers as plain data, so that they are part of an operator's snapshot. */
export interface TimerHeap<Item> {
  timers: Timer<Item>[];
  next_serial: number;
}

export const emptyTimerHeap = <Item>(): TimerHeap<Item> => ({ timers: [], next_serial: 0 });

const isBefore = <Item>(a: Timer<Item>, b: Timer<Item>): boolean =>
  a.at_ms < b.at_ms || (a.at_ms === b.at_ms && a.serial < b.serial);

/** What is due when: a binary heap over plain data. */
export class TimerQueue<Item> {
  constructor(private readonly heap: TimerHeap<Item>) {}

  /** When the first one is due; infinity without any. */
  get first_ms(): number {
    return this.heap.timers[0]?.at_ms ?? Number.POSITIVE_INFINITY;
  }

  add(at_ms: number, item: Item): void {
    const { timers } = this.heap;
    const timer = { at_ms, serial: this.heap.next_serial, item };
    this.heap.next_serial += 1;
    let at = timers.length;
    timers.push(timer);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = timers[parent] as Timer<Item>;
      if (!isBefore(timer, above)) break;
      timers[at] = above;
      at = parent;
    }
    timers[at] = timer;
  }

  /** Takes the first one out. */
  take(): { readonly at_ms: number; readonly item: Item } | undefined {
    const { timers } = this.heap;
    const first = timers[0];
    const last = timers.pop();
    if (first === undefined || last === undefined || timers.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= timers.length) break;
      const right = timers[child + 1];
      if (right !== undefined && isBefore(right, timers[child] as Timer<Item>)) child += 1;
      const below = timers[child] as Timer<Item>;
      if (!isBefore(below, last)) break;
      timers[at] = below;
      at = child;
    }
    timers[at] = last;
    return first;
  }
}
