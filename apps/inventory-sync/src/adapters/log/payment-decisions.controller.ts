import { Controller, Inject } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import { topics, type DecisionRecord } from '@nerveline/contracts';
import type { LogContext } from '@nerveline/log';
import { ReleaseUnpaid } from '../../application/release-unpaid';
import { PAYMENT_DECISIONS } from './log-intake';

/** Decisions of fraud scoring. The effect is in PostgreSQL, and harmless twice: a batch that comes again does nothing. */
@Controller()
export class PaymentDecisionsController {
  constructor(@Inject(ReleaseUnpaid) private readonly unpaid: ReleaseUnpaid) {}

  @EventPattern(topics.decisions, PAYMENT_DECISIONS, { batch: true })
  decisions(@Payload() values: readonly (DecisionRecord | null)[], @Ctx() { records }: LogContext): Promise<void> {
    return this.unpaid.handle(
      records.flatMap((at, i) => {
        const decided = values[i] ?? null;
        return decided === null ? [] : [{ decided, at }];
      }),
    );
  }
}
