import type { Principal } from '@nerveline/kernel';
import type { ReservationId, ReservationStatus } from '@nerveline/contracts';
import type { Settlement } from '../domain/reservation';
import type { CommandQueue } from './command-queue';
import type { StockClocks } from './stock-clocks';
import { answerOf } from './rejection';

export interface SettleRequest {
  readonly reservation_id: ReservationId;
  readonly settlement: Settlement;
  readonly event_ms?: number | undefined;
  /** What it comes from, where nobody asked for it; at most 256 characters. */
  readonly reason?: string;
}

/** Ends a hold: commit sells, release and expire give back. Idempotent by the reservation's own state. */
export class SettleReservation {
  constructor(
    private readonly queue: CommandQueue,
    private readonly clocks: StockClocks,
  ) {}

  async settle(request: SettleRequest, by: Principal): Promise<ReservationStatus> {
    const { reservation_id, settlement, reason } = request;
    const event_ms = this.clocks.timeOf(by.tenant_id, request.event_ms);
    const clock_ms = Math.max(event_ms, this.clocks.of(by.tenant_id).now_ms());
    const outcome = await this.queue.submit({
      kind: 'settle',
      by,
      reservation_id,
      settlement,
      event_ms,
      clock_ms,
      reason,
    });
    return answerOf(outcome, 'status');
  }
}
