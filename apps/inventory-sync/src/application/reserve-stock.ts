import type { Principal } from '@nerveline/kernel';
import type { ReservationAnswer, ReservationId, ReservationRequest } from '@nerveline/contracts';
import type { CommandQueue } from './command-queue';
import type { StockClocks } from './stock-clocks';
import { answerOf } from './rejection';

/** What the outside gives a request beside its body. */
export interface RequestContext {
  readonly by: Principal;
  /** Digest of route and body: tells a retry from another request under the same key. */
  readonly request_hash: string;
}

export interface ReserveStockOptions {
  readonly queue: CommandQueue;
  readonly clocks: StockClocks;
  readonly newReservationId: () => ReservationId;
}

/** `POST /v1/reservations`: every line or none. */
export class ReserveStock {
  constructor(private readonly options: ReserveStockOptions) {}

  async reserve(request: ReservationRequest, { by, request_hash }: RequestContext): Promise<ReservationAnswer> {
    const { queue, clocks, newReservationId } = this.options;
    const { idempotency_key, channel_id, holder, lines, ttl_ms } = request;
    const event_ms = clocks.timeOf(by.tenant_id, request.event_ms);
    const clock_ms = clocks.of(by.tenant_id).now_ms();
    const outcome = await queue.submit({
      kind: 'reserve',
      by,
      identity: { idempotency_key, request_hash },
      event: { reservation_id: newReservationId(), channel_id, holder, lines, ttl_ms, event_ms, clock_ms },
    });
    return answerOf(outcome, 'reservation');
  }
}
