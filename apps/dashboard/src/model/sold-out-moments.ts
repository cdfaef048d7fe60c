import type { SoldOutAck } from '@nerveline/contracts';

const KEPT_MOMENTS = 300;

/** The moment at which a SKU was gone, and how long each channel took to know. */
export interface SoldOutMoment {
  /** `sku@version`: one moment for each version of the ledger that sold the last unit. */
  readonly id: string;
  readonly sku: string;
  readonly version: number;
  event_ms: number;
  /** Commit to the channel's answer, by channel. */
  readonly delays_ms: Map<string, number>;
}

/** How long the slowest channel that has answered took. */
export const slowestChannelMs = (moment: SoldOutMoment): number => Math.max(0, ...moment.delays_ms.values());

/** The last sold-out moments, gathered from the channels' acknowledgements. */
export class SoldOutMoments {
  /** Insertion order is age: the oldest goes first. */
  readonly #moments = new Map<string, SoldOutMoment>();

  clear(): void {
    this.#moments.clear();
  }

  take(ack: SoldOutAck): void {
    const id = `${ack.sku}@${ack.version}`;
    const moment = this.#moments.get(id) ?? this.#open(id, ack);
    moment.delays_ms.set(ack.channel_id, ack.delay_ms);
    moment.event_ms = Math.min(moment.event_ms, ack.event_ms);
  }

  newestFirst(): SoldOutMoment[] {
    return [...this.#moments.values()].reverse();
  }

  /** The time that 99 % of the kept moments took to reach every channel; null without any. */
  p99Ms(): number | null {
    const sorted = [...this.#moments.values()].map(slowestChannelMs).sort((a, b) => a - b);
    return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * 0.99))] ?? null;
  }

  #open(id: string, ack: SoldOutAck): SoldOutMoment {
    const moment = { id, sku: ack.sku, version: ack.version, event_ms: ack.event_ms, delays_ms: new Map() };
    this.#moments.set(id, moment);
    const oldest = this.#moments.keys().next().value;
    if (this.#moments.size > KEPT_MOMENTS && oldest !== undefined) this.#moments.delete(oldest);
    return moment;
  }
}
