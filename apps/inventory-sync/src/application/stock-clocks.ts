import { NervelineError, type Clock } from '@nerveline/kernel';
import { EventClocks } from '@nerveline/stream';
import { judgeEventTime } from '../domain/event-time';
import type { StockPolicy } from '../domain/policy';

/** The event clock of each tenant's stock, and its judgement on what callers claim. */
export class StockClocks extends EventClocks {
  constructor(
    wall: Clock,
    private readonly policy: StockPolicy,
  ) {
    super('stock', wall);
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
}
