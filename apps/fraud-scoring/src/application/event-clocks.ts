import { splitTenantKey, topics } from '@nerveline/contracts';
import { EventClock, isNervelineError, type Clock } from '@nerveline/kernel';
import type { Log, LogRecord } from '@nerveline/log';
import { followEventClock } from '@nerveline/stream';

const TOPIC = topics.eventClock.name;
const text = new TextDecoder();

/** The event clock of each tenant's payments: one tenant's played history doesn't move another one's time. */
export class EventClocks {
  readonly #clocks = new Map<string, EventClock>();
  #last: Clock;

  constructor(private readonly wall: Clock) {
    this.#last = wall;
  }

  /** What the clock that was declared last reads now; wall time when none was. For the outside to see that we heard of it. */
  get last_declared_ms(): number {
    return this.#last.now_ms();
  }

  of(tenant_id: string): Clock {
    return this.#clockOf(tenant_id);
  }

  /** Takes over what a source declared. */
  apply(record: LogRecord): void {
    if (record.value === null) return;
    if (record.key === null) return this.#forgetAll();
    const [tenant_id = ''] = splitTenantKey(text.decode(record.key));
    const clock = this.#clockOf(tenant_id);
    followEventClock(clock, record, 'payments');
    this.#last = clock;
  }

  /** Reads what was declared before this run; the topic has a row for each source, so that is quick. */
  async restore(log: Log): Promise<void> {
    try {
      const { start_offset, next_offset } = await log.tail(TOPIC, 0);
      for (let from = start_offset; from < next_offset;) {
        const batch = await log.read({ topic: TOPIC, partition: 0, from });
        for (const record of batch.records) this.apply(record);
        from = batch.next_offset;
      }
    } catch (error) {
      // The relay has never run: nobody has declared anything.
      if (!isNervelineError(error, 'NL-LOG-008')) throw error;
    }
  }

  /** A record without a key is the table's TRUNCATE. */
  #forgetAll(): void {
    for (const clock of this.#clocks.values()) clock.declare(undefined);
  }

  #clockOf(tenant_id: string): EventClock {
    const known = this.#clocks.get(tenant_id);
    if (known !== undefined) return known;
    const clock = new EventClock(this.wall);
    this.#clocks.set(tenant_id, clock);
    return clock;
  }
}
