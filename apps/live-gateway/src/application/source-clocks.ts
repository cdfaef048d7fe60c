import { eventSource, topics, type EventSource } from '@nerveline/contracts';
import { EventClock, type Clock } from '@nerveline/kernel';

/** The event clocks of all sources, as they declared them. */
export class SourceClocks {
  readonly #clocks: ReadonlyMap<EventSource, EventClock>;
  readonly #declared = new Set<EventSource>();

  constructor(private readonly wall: Clock) {
    this.#clocks = new Map(eventSource.options.map((source) => [source, new EventClock(wall)]));
  }

  /** Takes the value of a record of `platform.event_clock`; anything else is left alone. */
  take(value: unknown): void {
    const change = topics.eventClock.schema.safeParse(value);
    if (!change.success) return;
    const { before, after } = change.data;
    const source = (after ?? before)?.source as EventSource | undefined;
    if (source === undefined) return;
    this.#clocks.get(source)?.declare(after ?? undefined);
    if (after === null) this.#declared.delete(source);
    else this.#declared.add(source);
  }

  read(): { readonly event_clock_ms: number; readonly event_clocks_ms: Partial<Record<EventSource, number>> } {
    const event_clocks_ms: Partial<Record<EventSource, number>> = {};
    for (const source of this.#declared) event_clocks_ms[source] = this.#clocks.get(source)?.now_ms() ?? 0;
    return { event_clock_ms: this.wall.now_ms(), event_clocks_ms };
  }
}
