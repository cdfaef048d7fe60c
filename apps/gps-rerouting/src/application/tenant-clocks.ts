import { splitTenantKey, type TenantId } from '@nerveline/contracts';
import { EventClock, isNervelineError, type Clock } from '@nerveline/kernel';
import type { Log, LogRecord } from '@nerveline/log';
import { eventClockTopic, followEventClock } from '@nerveline/stream';
import type { EventClocks } from './ports';

const text = new TextDecoder();

/** The time of each tenant's fleet, as its source declares it; wall time where it declares none. */
export class TenantClocks implements EventClocks {
  readonly #clocks = new Map<string, EventClock>();

  constructor(private readonly wall: Clock) {}

  now_ms(tenant_id: TenantId): number {
    return this.#clockOf(tenant_id).now_ms();
  }

  /** Takes over what a source declared. */
  apply(record: LogRecord): void {
    if (record.key === null) return;
    const [tenant_id = ''] = splitTenantKey(text.decode(record.key));
    followEventClock(this.#clockOf(tenant_id), record, 'fleet');
  }

  /** Reads what was declared before this run: a row for each source. */
  async restore(log: Pick<Log, 'tail' | 'read'>): Promise<void> {
    try {
      const { start_offset, next_offset } = await log.tail(eventClockTopic, 0);
      for (let from = start_offset; from < next_offset;) {
        const batch = await log.read({ topic: eventClockTopic, partition: 0, from });
        for (const record of batch.records) this.apply(record);
        from = batch.next_offset;
      }
    } catch (error) {
      // The relay has never run: nobody has declared anything.
      if (!isNervelineError(error, 'NL-LOG-008')) throw error;
    }
  }

  #clockOf(tenant_id: string): EventClock {
    const known = this.#clocks.get(tenant_id);
    if (known !== undefined) return known;
    const clock = new EventClock(this.wall);
    this.#clocks.set(tenant_id, clock);
    return clock;
  }
}
