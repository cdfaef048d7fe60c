/** The last `capacity` values. What a page keeps of an endless stream. */
export class Ring<T> {
  #slots: T[] = [];
  #next = 0;

  constructor(readonly capacity: number) {}

  get length(): number {
    return this.#slots.length;
  }

  push(value: T): void {
    this.#slots[this.#next] = value;
    this.#next = (this.#next + 1) % this.capacity;
  }

  clear(): void {
    this.#slots = [];
    this.#next = 0;
  }

  /** From the newest to the oldest. */
  *newestFirst(): Generator<T> {
    for (let back = 1; back <= this.#slots.length; back += 1) {
      const value = this.#slots[(this.#next - back + this.capacity) % this.capacity];
      if (value !== undefined) yield value;
    }
  }

  newest(): T | undefined {
    return this.#slots[(this.#next - 1 + this.capacity) % this.capacity];
  }

  /** All of them, from the newest to the oldest. */
  toArray(): T[] {
    return [...this.newestFirst()];
  }
}
