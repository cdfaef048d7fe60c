import type { ChannelId, ChannelStockUpdate, Sku } from '@nerveline/contracts';
import type { RecordHeaders } from '@nerveline/kernel';

/** One SKU on its way to one channel. */
export interface Due {
  readonly tenant_id: string;
  readonly channel_id: ChannelId;
  readonly sku: Sku;
  readonly available: number;
  /** What the channel was told before; absent for a SKU that it never heard of. */
  readonly available_before?: number | undefined;
  readonly version: number;
  readonly event_ms: number;
  readonly headers: RecordHeaders;
}

/** Where a channel takes its stock levels. */
export interface ChannelEndpoint {
  /** @throws NervelineError `NL-INV-016` when the channel didn't take it */
  send(endpoint_url: string, update: ChannelStockUpdate): Promise<void>;
}

export interface ChannelSenderOptions {
  readonly endpoint: ChannelEndpoint;
  /** The channel has taken these over; what isn't kept is sent again. */
  readonly onTaken: (taken: readonly Due[]) => Promise<void>;
  readonly onFailure: (error: unknown, failures: number) => void;
  /** From 0 up to, not including, 1: spreads the retries of many channels. */
  readonly random: () => number;
}

const MAX_ITEMS = 200;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 15_000;

/** By the pauses between them, a channel fails so often when it has been silent for 13 to 26 s: longer than it starts. */
const FAILURES_BEFORE_WARNING = 10;
/** Of the failures behind that, one in so many is told. */
const WARN_EVERY = 20;

/** How loud the nth failure in a row is; undefined when it is for the metrics alone. */
export function levelOfFailure(failures: number): 'info' | 'warn' | undefined {
  if (failures === 1) return 'info';
  const beyond = failures - FAILURES_BEFORE_WARNING;
  return beyond >= 0 && beyond % WARN_EVERY === 0 ? 'warn' : undefined;
}

/**
 * Tells one channel what it may sell. What waits is the newest version of each SKU, so it is never more than the
 * catalogue; one request is under way at a time, so an older version never follows a newer one, also not when a request
 * fails and is repeated.
 */
export class ChannelSender {
  readonly #due = new Map<Sku, Due>();
  /** Versions that are under way, or newer ones that were taken while this one runs. */
  readonly #sent = new Map<Sku, number>();
  #endpoint_url: string | null = null;
  #running: Promise<void> | undefined;
  #wake: (() => void) | undefined;
  #stopped = false;

  constructor(private readonly options: ChannelSenderOptions) {}

  get due_skus(): number {
    return this.#due.size;
  }

  /** Where to send from now on; null holds everything back until there is an endpoint. */
  direct(endpoint_url: string | null): void {
    if (endpoint_url === this.#endpoint_url) return;
    this.#endpoint_url = endpoint_url;
    this.#wake?.();
    this.#run();
  }

  /** Takes a version over unless it knows a newer one. */
  offer(due: Due): void {
    const known = this.#due.get(due.sku)?.version ?? this.#sent.get(due.sku) ?? -1;
    if (due.version <= known) return;
    this.#due.set(due.sku, due);
    this.#run();
  }

  /** Finishes the request under way and drops what waits: it is offered again at the next start. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#wake?.();
    await this.#running;
  }

  #run(): void {
    if (this.#running !== undefined || this.#stopped || this.#endpoint_url === null || this.#due.size === 0) return;
    this.#running = this.#sendAll().finally(() => {
      this.#running = undefined;
      this.#run();
    });
  }

  async #sendAll(): Promise<void> {
    let failures = 0;
    // What comes in the same turn of the event loop travels together.
    await Promise.resolve();
    while (this.#due.size > 0 && !this.#stopped && this.#endpoint_url !== null) {
      const batch = this.#takeBatch();
      try {
        await this.#send(this.#endpoint_url, batch);
        failures = 0;
      } catch (error) {
        failures += 1;
        this.#giveBack(batch);
        this.options.onFailure(error, failures);
        await this.#pause(failures);
      }
    }
  }

  #takeBatch(): Due[] {
    const batch: Due[] = [];
    for (const due of this.#due.values()) {
      batch.push(due);
      if (batch.length === MAX_ITEMS) break;
    }
    for (const { sku, version } of batch) {
      this.#due.delete(sku);
      this.#sent.set(sku, version);
    }
    return batch;
  }

  async #send(endpoint_url: string, batch: readonly Due[]): Promise<void> {
    const [first] = batch;
    if (first === undefined) return;
    await this.options.endpoint.send(endpoint_url, {
      channel_id: first.channel_id,
      items: batch.map(({ sku, available, version }) => ({ sku, available, version, sold_out: available === 0 })),
    });
    await this.options.onTaken(batch);
  }

  /** Puts back what failed, unless something newer came meanwhile. */
  #giveBack(batch: readonly Due[]): void {
    for (const due of batch) {
      if (!this.#due.has(due.sku)) this.#due.set(due.sku, due);
    }
  }

  async #pause(failures: number): Promise<void> {
    const longest_ms = Math.min(FIRST_PAUSE_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS);
    const wait_ms = longest_ms * (0.5 + this.options.random() / 2);
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, wait_ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = undefined;
  }
}
