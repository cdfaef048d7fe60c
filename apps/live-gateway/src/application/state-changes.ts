import { topics } from '@nerveline/contracts';
import type { Clock } from '@nerveline/kernel';
import type { Log } from '@nerveline/log';
import type { RecentEvent } from './recent-events';

/** Groups that take a change into their service's state and write no record of it: only their position tells. */
const TAKERS: ReadonlyMap<string, string> = new Map([
  [topics.blockList.name, 'fraud-scoring.lists'],
  [topics.orders.name, 'gps-rerouting.tables'],
]);

/** Changes that are waited for; of more the oldest stay without this step. */
const WAITING_MAX = 1_000;
/** A change is usually taken within milliseconds; one that isn't is looked for less and less often. */
const FIRST_LOOK_MS = 5;
const LOOKS_APART_MAX_MS = 1_000;

export interface StateChangePorts {
  readonly log: Pick<Log, 'positions'>;
  readonly clock: Clock;
  onError(error: unknown): void;
  /** Resolves after so long, rejects when the signal aborts. */
  pause(duration_ms: number, signal: AbortSignal): Promise<unknown>;
}

/**
 * Notes when a service took a change over that only its state shows. The time is the one of the look that found it: at
 * most the last pause later than the commit. While nothing is waited for it does nothing.
 */
export class StateChanges {
  #waiting: { readonly event: RecentEvent; readonly group: string }[] = [];
  #stop = new AbortController();
  #looking = false;
  #pause_ms = FIRST_LOOK_MS;
  /** Ends the pause that is on. */
  #wake = new AbortController();

  constructor(private readonly ports: StateChangePorts) {}

  /** Takes an event that has just come out of the log; one that leaves a record of its own is left alone. */
  expect(event: RecentEvent): void {
    const group = TAKERS.get(event.topic);
    if (group === undefined) return;
    this.#waiting.push({ event, group });
    if (this.#waiting.length > WAITING_MAX) this.#waiting.shift();
    // The next pause is twice the one that is on.
    if (this.#pause_ms > 2 * FIRST_LOOK_MS) this.#wake.abort();
    this.#pause_ms = FIRST_LOOK_MS;
    if (this.#looking) return;
    this.#looking = true;
    void this.#look(this.#stop.signal);
  }

  /** Forgets what it waits for. */
  stop(): void {
    this.#stop.abort();
    this.#wake.abort();
    this.#stop = new AbortController();
    this.#waiting = [];
    this.#looking = false;
  }

  async #look(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && this.#waiting.length > 0) {
      try {
        await this.#settle();
        if (this.#waiting.length > 0) await this.#pause();
      } catch (error) {
        if (signal.aborted) return;
        this.ports.onError(error);
        // The position can't be read: the next change tries again.
        this.#waiting = [];
      }
    }
    if (!signal.aborted) this.#looking = false;
  }

  /** Twice as long each time, until another change comes in. */
  async #pause(): Promise<void> {
    const wake = new AbortController();
    this.#wake = wake;
    const pause_ms = this.#pause_ms;
    this.#pause_ms = Math.min(LOOKS_APART_MAX_MS, 2 * pause_ms);
    await this.ports.pause(pause_ms, wake.signal).catch((error: unknown) => {
      if (!wake.signal.aborted) throw error;
    });
  }

  async #settle(): Promise<void> {
    for (const group of new Set(this.#waiting.map((each) => each.group))) {
      const positions = await this.ports.log.positions(group);
      const at_ms = this.ports.clock.now_ms();
      this.#waiting = this.#waiting.filter(({ event, group: taker }) => {
        const position = positions.find(
          ({ topic, partition }) => topic === event.topic && partition === event.partition,
        );
        const taken =
          position !== undefined &&
          (event.offset < position.next_offset || position.applied_above.some((above) => above === event.offset));
        if (taker !== group || !taken) return true;
        event.taken = { group, at_ms };
        return false;
      });
    }
  }
}
