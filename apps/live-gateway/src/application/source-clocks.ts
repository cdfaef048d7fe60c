import { eventSource, splitTenantKey, topics, type EventSource } from '@nerveline/contracts';
import { EventClock, type Clock } from '@nerveline/kernel';

/** The event clocks of all sources, as they declared them. */
export class SourceClocks {
  readonly #clocks = new Map<EventSource, EventClock>();

  constructor(private readonly wall: Clock) {}

  /**
   * Takes the key and value of a record of `platform.event_clock`; a value of another kind is left alone. A tombstone
   * counts by itself, since compaction takes the delete ahead of it; a record without a key is the table's TRUNCATE.
   */
  take(key: string | null, value: unknown): void {
    if (key === null) return this.#clocks.clear();
    const source = eventSource.safeParse(splitTenantKey(key)[1]);
    const change = topics.eventClock.schema.nullable().safeParse(value);
    if (!source.success || !change.success) return;
    const after = change.data?.after ?? null;
    if (after === null) {
      this.#clocks.delete(source.data);
      return;
    }
    const clock = this.#clocks.get(source.data) ?? new EventClock(this.wall);
    clock.declare(after);
    this.#clocks.set(source.data, clock);
  }

  read(): { readonly event_clock_ms: number; readonly event_clocks_ms: Partial<Record<EventSource, number>> } {
    const event_clocks_ms: Partial<Record<EventSource, number>> = {};
    for (const [source, clock] of this.#clocks) event_clocks_ms[source] = clock.now_ms();
    return { event_clock_ms: this.wall.now_ms(), event_clocks_ms };
  }
}
