import { paymentDecision, type Verdict } from '@nerveline/contracts';
import type { ServiceClient } from '../doors/service-client';
import type { Payment } from '../world/payers';
import { Random } from '../world/random';

const CARDS = 20_000;
const MERCHANT = 'SHOP';

/** What somebody pays for. */
export interface Purchase {
  readonly payment_id: string;
  /** The hold that it is for: when the payment is blocked, the platform gives the units back by itself. */
  readonly reservation_id: string;
  readonly amount_minor: number;
}

/** Where shoppers pay by card before they get what is held for them. */
export class Till {
  readonly #random: Random;

  constructor(
    seed: number,
    private readonly fraud: Pick<ServiceClient, 'post'>,
  ) {
    this.#random = new Random(seed, 'till');
  }

  /** The verdict; `refused` when there was none. */
  async pay({ payment_id, reservation_id, amount_minor }: Purchase): Promise<Verdict | 'refused'> {
    const payment: Payment = {
      payment_id,
      idempotency_key: payment_id,
      card: `shopper-${this.#random.below(CARDS)}`,
      amount_minor,
      currency: 'EUR',
      merchant_id: MERCHANT,
      event_ms: Date.now(),
      reservation_id,
    };
    const { status, body } = await this.fraud.post('/v1/payments/decisions', payment);
    return status < 300 ? paymentDecision.parse(body).verdict : 'refused';
  }
}
