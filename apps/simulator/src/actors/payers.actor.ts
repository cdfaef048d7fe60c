import { setTimeout as wait } from 'node:timers/promises';
import { paymentDecision } from '@nerveline/contracts';
import type { ServiceClient } from '../doors/service-client';
import type { SourceDatabase } from '../doors/source-database';
import { Random } from '../world/random';
import { createPayers, PaymentStream, type Payer, type Payment } from '../world/payers';
import { Counts, type Actor } from './actor';
import { Errands } from './errands';

/** At 4 payments/s that is some 17 a day for each card: as people pay. */
const PAYERS = 20_000;
/** A stolen card is reported this long after it was emptied. */
const REPORTED_AFTER_MS = 8_000;

export interface PayersOptions {
  readonly seed: number;
  /** Sets the payments of this run apart from those of the last one. */
  readonly run: string;
  readonly payments_per_s: number;
}

/** People who pay by card, and a few who pay with somebody else's. */
export class PayersActor implements Actor {
  readonly name = 'payers';
  readonly #counts = new Counts();
  readonly #payers: readonly [Payer, ...Payer[]];

  constructor(
    private readonly options: PayersOptions,
    private readonly fraud: ServiceClient,
    private readonly database: SourceDatabase,
  ) {
    this.#payers = createPayers(options.seed, PAYERS);
  }

  get counts(): Readonly<Record<string, number>> {
    return this.#counts.values;
  }

  async prepare(): Promise<void> {
    await this.database.upsert(
      'fraud.card_profiles',
      ['card'],
      this.#payers.map(({ card, country }) => ({
        card,
        home_country: country,
        payment_limit_minor: null,
        currency: 'EUR',
      })),
    );
  }

  async run(signal: AbortSignal): Promise<void> {
    const { seed, run, payments_per_s } = this.options;
    const stream = new PaymentStream(seed, run, this.#payers);
    const pace = new Random(seed, 'payment pace');
    const errands = new Errands(signal);
    while (!signal.aborted) {
      await wait(pace.gap_ms(payments_per_s), undefined, { signal }).catch(() => undefined);
      if (signal.aborted) break;
      const { payment, pattern } = stream.next(Date.now());
      await errands.start(() => this.#pay(payment));
      if (pattern === 'cash_out') await errands.start(() => this.#report(payment.card, signal));
    }
    await errands.drain();
  }

  async #pay(payment: Payment): Promise<void> {
    this.#counts.add('sent');
    const { status, body } = await this.fraud.post('/v1/payments/decisions', payment);
    this.#counts.add(status < 300 ? paymentDecision.parse(body).verdict : `refused_${status}`);
  }

  /** The bank's clerk puts the card on the block list: a row in the source database, nothing else. */
  async #report(card: string, signal: AbortSignal): Promise<void> {
    await wait(REPORTED_AFTER_MS, undefined, { signal, ref: false });
    await this.database.upsert(
      'fraud.block_list',
      ['kind', 'value'],
      [{ kind: 'card', value: card, reason: 'reported stolen', added_by: 'clerk' }],
    );
    this.#counts.add('cards_reported');
  }
}
