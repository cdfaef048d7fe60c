/** The part of an Engine.IO connection that tells how fast its client reads. */
export interface Connection {
  readonly transport: { readonly writable: boolean };
  on(event: 'drain', listener: () => void): unknown;
}

/**
 * Counts what waits for one client in this process. Engine.IO hands everything that waits to the transport as soon as
 * the transport has passed on what it had, and says so with `drain`.
 */
export class ClientQueue {
  #waiting_bytes = 0;
  #taken: (() => void)[] = [];

  constructor(connection: Connection) {
    connection.on('drain', () => {
      this.#waiting_bytes = 0;
      for (const resolve of this.#taken.splice(0)) resolve();
    });
  }

  get waiting_bytes(): number {
    return this.#waiting_bytes;
  }

  /** Announces a frame that is about to be sent; said before, since `drain` may come out of the sending itself. */
  expect(bytes: number): void {
    this.#waiting_bytes += bytes;
  }

  /** Resolves when nothing waits any more (true), or after so long without a sign of the client (false). */
  async taken(within_ms: number): Promise<boolean> {
    if (this.#waiting_bytes === 0) return true;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(false), within_ms);
    });
    const taken = new Promise<boolean>((resolve) => this.#taken.push(() => resolve(true)));
    const answer = await Promise.race([taken, late]);
    clearTimeout(timer);
    return answer;
  }

  /** Lets go of everybody who waits: the client is gone. */
  release(): void {
    for (const resolve of this.#taken.splice(0)) resolve();
  }
}
