import type { KafkaConnectionError } from '../wire/kafka-error';

/** How it stands with one broker; told when it changes, not at each failure. */
export interface BrokerState {
  /** `host:port` */
  readonly broker: string;
  readonly reachable: boolean;
  /** Why not. */
  readonly cause?: string;
}

/** Turns a flood of failures into one line for each outage, and one for its end. */
export class Connectivity {
  readonly #down = new Set<string>();

  constructor(private readonly tell: (state: BrokerState) => void) {}

  failed(error: KafkaConnectionError): void {
    if (this.#down.has(error.broker)) return;
    this.#down.add(error.broker);
    this.tell({ broker: error.broker, reachable: false, cause: error.message });
  }

  reached(broker: string): void {
    if (this.#down.delete(broker)) this.tell({ broker, reachable: true });
  }
}
