import { decodeJson, splitTenantKey, topics, type EventSource } from '@nerveline/contracts';
import { EventClock, isNervelineError, systemClock, type Clock } from '@nerveline/kernel';
import type { Log, LogRecord } from '@nerveline/log';

/** The topic whose records {@link EventClocks.apply} takes. */
export const eventClockTopic = topics.eventClock.name;

const text = new TextDecoder();

/** What a clock says, for the people who look. */
export interface ClockReading {
  readonly event_clock_ms: number;
  readonly speed: number;
}

/**
 * The event clock of each tenant for one kind of source, as the source declares it in `platform.event_clock`: one
 * tenant's played history doesn't move another one's time. Who declares nothing runs on wall time.
 */
export class EventClocks {
  readonly #clocks = new Map<string, EventClock>();
  readonly #watchers: (() => void)[] = [];

  constructor(
    private readonly source: EventSource,
    private readonly wall: Clock = systemClock,
  ) {}

  of(tenant_id: string): EventClock {
    const known = this.#clocks.get(tenant_id);
    if (known !== undefined) return known;
    const clock = new EventClock(this.wall);
    this.#clocks.set(tenant_id, clock);
    return clock;
  }

  /** Calls back when a source has declared another time: what waits for an event time waits for another wall time now. */
  watch(onChange: () => void): void {
    this.#watchers.push(onChange);
  }

  /**
   * Takes over a change of `platform.event_clock`: an insert or update declares the source's time, a delete goes back to
   * wall time. So does a tombstone by itself: compaction takes the delete ahead of it away. A record without a key is the
   * table's TRUNCATE.
   *
   * @throws NervelineError `NL-LOG-011` when the record isn't such a change
   */
  apply({ key, value }: Pick<LogRecord, 'key' | 'value'>): void {
    if (key === null) {
      for (const clock of this.#clocks.values()) clock.declare(undefined);
    } else {
      const [tenant_id = '', source] = splitTenantKey(text.decode(key));
      if (source !== this.source) return;
      const after = value === null ? null : decodeJson(topics.eventClock, value).after;
      this.of(tenant_id).declare(after ?? undefined);
    }
    for (const onChange of this.#watchers) onChange();
  }

  /**
   * Reads what was declared before this run: a group's committed position is behind it already. What breaks the schema is
   * passed over, as it was when it came: a start must not fail because of it, again and again.
   */
  async restore(log: Pick<Log, 'tail' | 'read'>): Promise<void> {
    try {
      const { start_offset, next_offset } = await log.tail(eventClockTopic, 0);
      for (let from = start_offset; from < next_offset;) {
        const batch = await log.read({ topic: eventClockTopic, partition: 0, from });
        for (const record of batch.records) this.#applyReadable(record);
        from = batch.next_offset;
      }
    } catch (error) {
      // The relay has never run: nobody has declared anything.
      if (!isNervelineError(error, 'NL-LOG-008')) throw error;
    }
  }

  /** A row that nobody can read declares nothing. Whoever handles the topic makes a dead letter of it. */
  #applyReadable(record: LogRecord): void {
    try {
      this.apply(record);
    } catch (error) {
      if (!isNervelineError(error, 'NL-LOG-011')) throw error;
    }
  }

  /** By tenant. */
  readings(): Readonly<Record<string, ClockReading>> {
    const all = [...this.#clocks].map(
      ([tenant_id, clock]) => [tenant_id, { event_clock_ms: clock.now_ms(), speed: clock.speed }] as const,
    );
    return Object.fromEntries(all);
  }
}
