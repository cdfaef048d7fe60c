/** The bytes that are read and not settled, of all partitions together, and who waits for some to go. */
export class Room {
  readonly #waiting = new Set<AbortController>();
  #used_bytes = 0;

  constructor(private readonly max_bytes: number) {}

  get used_bytes(): number {
    return this.#used_bytes;
  }

  isSpent(): boolean {
    return this.#used_bytes >= this.max_bytes;
  }

  take(size_bytes: number): void {
    this.#used_bytes += size_bytes;
  }

  /** Something went, if only a record without bytes: who waits looks again. */
  give(size_bytes: number): void {
    this.#used_bytes -= size_bytes;
    if (this.#waiting.size > 0) this.wake();
  }

  wake(): void {
    for (const waiting of this.#waiting) waiting.abort();
    this.#waiting.clear();
  }

  wait(waiting: AbortController): void {
    this.#waiting.add(waiting);
  }

  forget(waiting: AbortController): void {
    this.#waiting.delete(waiting);
  }
}
