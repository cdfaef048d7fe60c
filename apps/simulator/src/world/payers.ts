import type { z } from 'zod';
import type { paymentDecisionRequest } from '@nerveline/contracts';
import { Random } from './random';

/** A payment as a caller writes it, before it is checked. */
export type Payment = z.input<typeof paymentDecisionRequest>;

export interface Payer {
  readonly card: string;
  readonly country: string;
  readonly lat: number;
  readonly lon: number;
  readonly mean_amount_minor: number;
}

const CITIES = [
  { country: 'DE', lat: 52.52, lon: 13.405 },
  { country: 'DE', lat: 48.137, lon: 11.575 },
  { country: 'FR', lat: 48.857, lon: 2.352 },
  { country: 'NL', lat: 52.374, lon: 4.89 },
  { country: 'ES', lat: 40.417, lon: -3.703 },
] as const;
const FAR_CITIES = [
  { country: 'BR', lat: -23.55, lon: -46.633 },
  { country: 'TH', lat: 13.756, lon: 100.502 },
  { country: 'US', lat: 40.713, lon: -74.006 },
] as const;
const CATEGORIES = ['grocery', 'fuel', 'restaurant', 'electronics', 'travel', 'pharmacy'] as const;
const MERCHANTS = 200;

export function createPayers(seed: number, count: number): readonly [Payer, ...Payer[]] {
  const random = new Random(seed, 'payers');
  const payer = (index: number): Payer => {
    const city = random.pick(CITIES);
    return {
      card: `card-${String(index + 1).padStart(5, '0')}`,
      country: city.country,
      lat: city.lat + random.normal(0, 0.05),
      lon: city.lon + random.normal(0, 0.05),
      mean_amount_minor: Math.round(Math.exp(random.normal(7.8, 0.6))),
    };
  };
  return [payer(0), ...Array.from({ length: count - 1 }, (_, index) => payer(index + 1))];
}

/** What a payment is besides itself: ordinary, or part of a fraud pattern. */
export type Pattern = 'ordinary' | 'card_testing' | 'far_away' | 'cash_out';

/** Decides who pays what next; deterministic by its seed. A pattern comes as several payments on one card. */
export class PaymentStream {
  readonly #random: Random;
  #number = 0;
  #pattern: { kind: Exclude<Pattern, 'ordinary'>; payer: Payer; left: number } | undefined;

  /** @param run makes payment ids of one run differ from those of the run before */
  constructor(
    seed: number,
    private readonly run: string,
    private readonly payers: readonly [Payer, ...Payer[]],
  ) {
    this.#random = new Random(seed, 'payments');
  }

  next(event_ms: number): { payment: Payment; pattern: Pattern } {
    if (this.#pattern === undefined && this.#random.chance(0.012)) {
      const kind = this.#random.pick(['card_testing', 'far_away', 'cash_out']);
      this.#pattern = {
        kind,
        payer: this.#random.pick(this.payers),
        left: kind === 'card_testing' ? 8 : kind === 'cash_out' ? 4 : 2,
      };
    }
    // A pattern's payments are mixed with everybody else's.
    const pattern = this.#pattern !== undefined && this.#random.chance(0.5) ? this.#pattern : undefined;
    if (pattern === undefined)
      return { payment: this.#ordinary(this.#random.pick(this.payers), event_ms), pattern: 'ordinary' };
    pattern.left -= 1;
    if (pattern.left === 0) this.#pattern = undefined;
    return { payment: this.#fraudulent(pattern.kind, pattern.payer, event_ms, pattern.left), pattern: pattern.kind };
  }

  #ordinary(payer: Payer, event_ms: number): Payment {
    this.#number += 1;
    const id = `${this.run}-${this.#number}`;
    const amount_minor = Math.max(50, Math.round(payer.mean_amount_minor * Math.exp(this.#random.normal(-0.3, 0.7))));
    return {
      payment_id: id,
      idempotency_key: id,
      card: payer.card,
      amount_minor,
      currency: 'EUR',
      merchant_id: `M-${String(this.#random.zipf(MERCHANTS) + 1).padStart(3, '0')}`,
      merchant_category: this.#random.pick(CATEGORIES),
      country: payer.country,
      location: { lat: payer.lat + this.#random.normal(0, 0.02), lon: payer.lon + this.#random.normal(0, 0.02) },
      event_ms,
    };
  }

  #fraudulent(kind: Exclude<Pattern, 'ordinary'>, payer: Payer, event_ms: number, left: number): Payment {
    const payment = this.#ordinary(payer, event_ms);
    switch (kind) {
      case 'card_testing':
        return {
          ...payment,
          amount_minor: left === 0 ? 89_900 : 100 + this.#random.below(200),
          merchant_category: 'electronics',
        };
      case 'cash_out':
        return { ...payment, amount_minor: 120_000 + this.#random.below(200_000), merchant_category: 'electronics' };
      case 'far_away': {
        if (left > 0) return payment;
        const { country, lat, lon } = this.#random.pick(FAR_CITIES);
        return { ...payment, country, location: { lat, lon }, amount_minor: payment.amount_minor * 4 };
      }
    }
  }
}
