/** What one minor unit of a currency is worth in minor units of the base currency. */
export interface CurrencyRates {
  readonly version: string;
  readonly base_currency: string;
  readonly base_minor_per_minor: Readonly<Record<string, number>>;
}

/** An amount in minor units of the base currency, or undefined when there is no rate. */
export function toBaseMinor(amount_minor: number, currency: string, rates: CurrencyRates): number | undefined {
  const rate = Object.hasOwn(rates.base_minor_per_minor, currency) ? rates.base_minor_per_minor[currency] : undefined;
  return rate === undefined ? undefined : Math.round(amount_minor * rate);
}

/**
 * Rates for thresholds, not for booking: what matters is that 100,000 JPY isn't taken for 100,000 EUR. A yen or won has
 * no minor unit and is a hundred cents' worth of its rate.
 */
export const defaultRates: CurrencyRates = {
  version: 'eur-2026-11',
  base_currency: 'EUR',
  base_minor_per_minor: {
    EUR: 1,
    AUD: 0.57,
    BRL: 0.16,
    CAD: 0.62,
    CHF: 1.07,
    CNY: 0.12,
    CZK: 0.041,
    DKK: 0.134,
    GBP: 1.14,
    HKD: 0.11,
    HUF: 0.0026,
    IDR: 0.000052,
    ILS: 0.26,
    INR: 0.0098,
    ISK: 0.7,
    JPY: 0.56,
    KRW: 0.059,
    MXN: 0.047,
    MYR: 0.21,
    NOK: 0.085,
    NZD: 0.49,
    PHP: 0.0147,
    PLN: 0.235,
    RON: 0.197,
    SEK: 0.091,
    SGD: 0.66,
    THB: 0.0265,
    TRY: 0.0205,
    USD: 0.86,
    ZAR: 0.05,
  },
};
