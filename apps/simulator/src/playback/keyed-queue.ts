const toError = (raised: unknown): Error => (raised instanceof Error ? raised : new Error(String(raised)));

/** Runs tasks side by side, but those that share a key one after another, and never more than `limit` at once. */
export class KeyedQueue {
  readonly #last = new Map<string, Promise<void>>();
  #running = 0;
  #room: (() => void) | undefined;

  constructor(private readonly limit: number) {}

  /** Resolves when there is room for the next task, not when this one is done: the source waits, nothing piles up. */
  async add(keys: Iterable<string>, task: () => Promise<void>): Promise<void> {
    const mine = [...new Set(keys)];
    const ahead = mine.flatMap((key) => this.#last.get(key) ?? []);
    this.#running += 1;
    const done = Promise.all(ahead)
      .then(task)
      .finally(() => this.#left(mine, done));
    for (const key of mine) this.#last.set(key, done);
    // A failed task is reported by drain() and add() of the next one; it must not be an unhandled rejection meanwhile.
    done.catch((error: unknown) => (this.#failure ??= toError(error)));
    if (this.#running >= this.limit) await new Promise<void>((resolve) => (this.#room = resolve));
    this.#throwFailure();
  }

  /** Resolves when all tasks are done, rejects with the first failure. */
  async drain(): Promise<void> {
    await Promise.allSettled(this.#last.values());
    this.#throwFailure();
  }

  #failure: Error | undefined;

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  #left(keys: readonly string[], done: Promise<void>): void {
    this.#running -= 1;
    for (const key of keys) if (this.#last.get(key) === done) this.#last.delete(key);
    this.#room?.();
    this.#room = undefined;
  }
}
