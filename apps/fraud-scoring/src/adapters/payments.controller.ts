import { Body, Controller, Get, Header, Headers, HttpCode, Inject, Param, Post } from '@nestjs/common';
import {
  paymentDecision,
  paymentDecisionRequest,
  principal as principalSchema,
  type DecisionRecord,
  type PaymentDecisionRequest,
} from '@nerveline/contracts';
import { NervelineError, systemClock, type Principal } from '@nerveline/kernel';
import { CurrentPrincipal, Describe, Scope, timed } from '@nerveline/service-defaults';
import { Answers } from '../application/answers';
import { DecidePayment } from '../application/decide-payment';
import { countDecision, door } from './fraud-metrics';
import { ListIntake } from './list-intake';

const JSON_TYPE = 'application/json; charset=utf-8';
/** W3C Trace Context, version 00. */
const TRACEPARENT = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** The doors of fraud scoring. */
@Controller('v1/payments/decisions')
export class PaymentsController {
  /** The guard gives the same object for the same token, so it is checked once. */
  readonly #principals = new WeakMap<Principal, DecisionRecord['principal']>();

  constructor(
    @Inject(DecidePayment) private readonly payments: DecidePayment,
    @Inject(Answers) private readonly answers: Answers,
    @Inject(ListIntake) private readonly lists: ListIntake,
  ) {}

  @Post()
  @HttpCode(200)
  @Header('content-type', JSON_TYPE)
  @Scope('payments:decide')
  @Describe({
    summary: 'Decides a payment. The answer is durable, and the same for the same idempotency key for 24 hours.',
    answer: paymentDecision,
  })
  async decide(
    @Body({ schema: paymentDecisionRequest }) request: PaymentDecisionRequest,
    @CurrentPrincipal() caller: Principal,
    @Headers('traceparent') traceparent?: string,
  ): Promise<Uint8Array> {
    const received_ms = systemClock.now_ms();
    return timed(door, async () => {
      this.lists.demandReady();
      const trace = traceparent !== undefined && TRACEPARENT.test(traceparent) ? { traceparent } : {};
      const decided = await this.payments.decide({
        request,
        principal: this.#principalOf(caller),
        received_ms,
        ...trace,
      });
      countDecision(decided.verdict);
      return decided.answer;
    });
  }

  @Get(':decision_id')
  @Header('content-type', JSON_TYPE)
  @Scope('payments:read')
  @Describe({ summary: 'A decision of the last 24 hours, as it was answered.', answer: paymentDecision })
  read(@Param('decision_id') decision_id: string, @CurrentPrincipal() caller: Principal): Uint8Array {
    const answer = this.answers.byDecision(this.#principalOf(caller).tenant_id, decision_id);
    if (answer !== undefined) return answer;
    throw new NervelineError('NL-API-006', {
      field: 'decision_id',
      detail: 'no decision of the last 24 hours has this id',
    });
  }

  #principalOf(caller: Principal): DecisionRecord['principal'] {
    const known = this.#principals.get(caller);
    if (known !== undefined) return known;
    const parsed = principalSchema.safeParse(caller);
    if (!parsed.success)
      throw new NervelineError('NL-API-004', { detail: 'the token names no valid tenant or subject' });
    this.#principals.set(caller, parsed.data);
    return parsed.data;
  }
}
