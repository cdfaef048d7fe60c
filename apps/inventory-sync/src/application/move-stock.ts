import { isNervelineError } from '@nerveline/kernel';
import type { StockMovementAnswer, StockMovementBatchAnswer, StockMovementRequest } from '@nerveline/contracts';
import type { CommandQueue } from './command-queue';
import type { StockClocks } from './stock-clocks';
import { answerOf } from './rejection';
import type { RequestContext } from './reserve-stock';

/** `POST /v1/stock/movements`: receipts, returns and adjustments. */
export class MoveStock {
  constructor(
    private readonly queue: CommandQueue,
    private readonly clocks: StockClocks,
  ) {}

  async move(request: StockMovementRequest, { by, request_hash }: RequestContext): Promise<StockMovementAnswer> {
    const { idempotency_key, kind, sku, location_id, quantity, reason, channel_id = null } = request;
    const event_ms = this.clocks.timeOf(by.tenant_id, request.event_ms);
    const outcome = await this.queue.submit({
      kind: 'move',
      by,
      identity: { idempotency_key, request_hash },
      event: { kind, sku, location_id, quantity, reason, channel_id, event_ms },
    });
    return answerOf(outcome, 'movement');
  }

  /** Each movement for itself, in their order: one that is refused doesn't hold up the others. */
  async moveAll(
    requests: readonly { readonly request: StockMovementRequest; readonly context: RequestContext }[],
  ): Promise<StockMovementBatchAnswer> {
    const answers = requests.map(({ request, context }) =>
      this.move(request, context).then(
        (answer) => ({ kind: 'moved' as const, answer }),
        (error: unknown) => {
          // A retriable failure is the whole request's: the caller sends it again, and what was done stays done.
          if (!isNervelineError(error) || error.retriable) throw error;
          const { code, detail, field } = error;
          return { kind: 'refused' as const, code, detail, ...(field !== undefined && { field }) };
        },
      ),
    );
    return { answers: await Promise.all(answers) };
  }
}
