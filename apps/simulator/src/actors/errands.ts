/** More errands than this at once, and the actor waits: a slow service slows the world, memory stays bounded. */
const MOST_ERRANDS = 256;

/** What an actor has going on side by side. An errand that fails ends the actor; one that a stop cuts off doesn't. */
export class Errands {
  readonly #open = new Set<Promise<void>>();
  #failure: Error | undefined;

  constructor(private readonly signal: AbortSignal) {}

  /**
   * Starts an errand, and resolves when there is room for another one.
   *
   * @throws whatever an earlier errand failed with
   */
  async start(errand: () => Promise<void>): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    const done: Promise<void> = errand()
      .catch((error: unknown) => {
        if (!this.signal.aborted) this.#failure ??= error instanceof Error ? error : new Error(String(error));
      })
      .finally(() => this.#open.delete(done));
    this.#open.add(done);
    if (this.#open.size >= MOST_ERRANDS) await Promise.race(this.#open);
  }

  /** Resolves when all are done. */
  async drain(): Promise<void> {
    await Promise.all(this.#open);
    if (this.#failure !== undefined) throw this.#failure;
  }
}
