const FIRST_CAPACITY = 1_024;
/** A batch that had to hold more than this (a window with many keys) gives the room back. */
const KEPT_CAPACITY = 65_536;

/**
 * Records on their way between two operators, column by column. One batch is made for each edge of the graph and used
 * again for every step, so that a record costs four stores and no allocation (an object for each record and operator is
 * what a framework's overhead is made of).
 */
export class Batch {
  size = 0;
  keys: unknown[] = [];
  values: unknown[] = [];
  /** Event time of each record, epoch ms. */
  times = new Float64Array(FIRST_CAPACITY);
  /** Place in the step of the input record that caused it: never decreases. See {@link Step}. */
  positions = new Int32Array(FIRST_CAPACITY);
  #time_ms = 0;
  #position = 0;

  /** Time and position of what is pushed next. */
  at(time_ms: number, position: number): this {
    this.#time_ms = time_ms;
    this.#position = position;
    return this;
  }

  push(key: unknown, value: unknown): void {
    const at = this.size;
    if (at === this.times.length) this.#grow();
    this.keys[at] = key;
    this.values[at] = value;
    this.times[at] = this.#time_ms;
    this.positions[at] = this.#position;
    this.size = at + 1;
  }

  clear(): void {
    this.size = 0;
    if (this.times.length <= KEPT_CAPACITY) return;
    this.keys = [];
    this.values = [];
    this.times = new Float64Array(FIRST_CAPACITY);
    this.positions = new Int32Array(FIRST_CAPACITY);
  }

  timeAt(index: number): number {
    return this.times[index] as number;
  }

  positionAt(index: number): number {
    return this.positions[index] as number;
  }

  #grow(): void {
    const times = new Float64Array(this.times.length * 2);
    const positions = new Int32Array(this.times.length * 2);
    times.set(this.times);
    positions.set(this.positions);
    this.times = times;
    this.positions = positions;
  }
}

/**
 * Visits the records of several batches in the order of the input records that caused them; of one cause, the earlier
 * input first. This is what makes an operator with two inputs independent of where batches are cut.
 */
export function visitInOrder(inputs: readonly Batch[], visit: (input: number, index: number) => void): void {
  const next = inputs.map(() => 0);
  for (;;) {
    let chosen = -1;
    let first = Number.POSITIVE_INFINITY;
    for (const [input, batch] of inputs.entries()) {
      const index = next[input] ?? 0;
      if (index < batch.size && batch.positionAt(index) < first) {
        chosen = input;
        first = batch.positionAt(index);
      }
    }
    const batch = inputs[chosen];
    if (batch === undefined) return;
    // A run of one input goes through without asking again.
    let index = next[chosen] ?? 0;
    do {
      visit(chosen, index);
      index += 1;
    } while (index < batch.size && batch.positionAt(index) === first);
    next[chosen] = index;
  }
}
