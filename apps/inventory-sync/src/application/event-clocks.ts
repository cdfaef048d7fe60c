import { splitTenantKey } from '@nerveline/contracts';
import { EventClock, isNervelineError, NervelineError, type Clock } from '@nerveline/kernel';
import type { Log, LogRecord } from '@nerveline/log';
import { eventClockTopic, followEventClock } from '@nerveline/stream';
import { judgeEventTime } from '../domain/event-time';
import type { StockPolicy } from '../domain/policy';

const text = new TextDecoder();

/** The event clock of each tenant's stock. */
export class EventClocks {
  readonly #clocks = new Map<string, EventClock>();
  readonly #watchers: (() => void)[] = [];

  constructor(
    private readonly wall: Clock,
    private readonly policy: StockPolicy,
  ) {}

  of(tenant_id: string): EventClock {
    const known = this.#clocks.get(tenant_id);
    if (known !== undefined) return known;
    const clock = new EventClock(this.wall);
    this.#clocks.set(tenant_id, clock);
    return clock;
  }

  /**
   * The time of an event: what the caller claims, or the clock's.
   *
   * @throws NervelineError `NL-INV-011`, `NL-INV-012`
   */
  timeOf(tenant_id: string, claimed_ms: number | undefined): number {
    const clock = this.of(tenant_id);
    const now_ms = clock.now_ms();
    if (claimed_ms === undefined) return now_ms;
    const judgement = judgeEventTime(claimed_ms, { now_ms, speed: clock.speed }, this.policy);
    if (judgement === 'fine') return claimed_ms;
    const code = judgement === 'too_far_ahead' ? 'NL-INV-011' : 'NL-INV-012';
    const detail = `event_ms: ${claimed_ms} is ${judgement.replaceAll('_', ' ')} of the event clock, which is at ${now_ms}`;
    throw new NervelineError(code, { field: 'event_ms', detail });
  }

  /** Calls back when a source has declared another time. */
  watch(onChange: () => void): void {
    this.#watchers.push(onChange);
  }

  /** Takes over what a source declared. */
  apply(record: LogRecord): void {
    if (record.key === null) return;
    const [tenant_id = ''] = splitTenantKey(text.decode(record.key));
    followEventClock(this.of(tenant_id), record, 'stock');
    for (const onChange of this.#watchers) onChange();
  }

  /** Reads what was declared before this run: the group's position is behind it already. */
  async restore(log: Log): Promise<void> {
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

  /** The clocks' readings by tenant, for the people who look. */
  readings(): Record<string, { event_clock_ms: number; speed: number }> {
    const all = [...this.#clocks].map(
      ([tenant_id, clock]) => [tenant_id, { event_clock_ms: clock.now_ms(), speed: clock.speed }] as const,
    );
    return Object.fromEntries(all);
  }
}
