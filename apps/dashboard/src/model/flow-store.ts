import type { FlowStage, FlowStatus, PushItem } from '@nerveline/contracts';
import type { RenderBatch } from '../client/render-batch';
import { Ring } from '../client/ring';
import type { StreamSink } from '../client/stream-sink';
import { Store } from '../client/store';

/** Pulses that are kept for the small charts: two minutes. */
const KEPT_PULSES = 120;
const KEPT_EVENTS = 500;
/** The pulse comes once a second; two that are missing make it stale. */
export const PULSE_STALE_AFTER_MS = 3_000;

/** A record of the log as the Flow page lists it. */
export interface FlowEvent {
  /** `topic/partition/offset`. */
  readonly id: string;
  readonly item: PushItem;
  readonly received_ms: number;
}

/** The platform's pulse and its last events. */
export class FlowStore extends Store {
  readonly pulses = new Ring<FlowStatus>(KEPT_PULSES);
  readonly events = new Ring<FlowEvent>(KEPT_EVENTS);
  #pulse_received_ms = 0;

  constructor(
    batch: RenderBatch,
    private readonly local_ms: () => number = () => performance.now(),
  ) {
    super(batch);
  }

  get status(): FlowStatus | undefined {
    return this.pulses.newest();
  }

  /** Since the last pulse arrived; null before the first. */
  get pulse_age_ms(): number | null {
    return this.status === undefined ? null : this.local_ms() - this.#pulse_received_ms;
  }

  stage(id: string): FlowStage | undefined {
    return this.status?.stages.find((stage) => stage.id === id);
  }

  /** One figure of one stage over the kept pulses, oldest first. */
  history(read: (status: FlowStatus) => number | null | undefined): number[] {
    return this.pulses
      .toArray()
      .reverse()
      .map((status) => read(status) ?? 0);
  }

  observe(status: FlowStatus): void {
    this.pulses.push(status);
    this.#pulse_received_ms = this.local_ms();
    this.changed();
  }

  readonly eventSink: StreamSink = {
    take: (items, replace) => {
      if (replace) this.events.clear();
      const received_ms = this.local_ms();
      for (const item of items) {
        this.events.push({ id: `${item.topic}/${item.partition}/${item.offset}`, item, received_ms });
      }
      this.changed();
    },
  };
}
