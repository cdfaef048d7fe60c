/** Each card pays some ten times in the bench, spread over two days of event time, so a history holds some payments. */
const CARDS = 20_000;
const SPREAD_MS = 2 * 24 * 3_600_000;
const MAX_AMOUNT_MINOR = 200_00;

const run = `${process.pid}-${Date.now().toString(36)}`;
let number = 0;

/** The body of a payment: a card somewhere in Mannheim, up to 200 EUR, up to two days ago. */
export function anyPayment(): string {
  number += 1;
  const id = `${run}-${number}`;
  return JSON.stringify({
    payment_id: `p-${id}`,
    idempotency_key: `k-${id}`,
    card: `tok-${Math.floor(Math.random() * CARDS)}`,
    amount_minor: Math.ceil(Math.random() * MAX_AMOUNT_MINOR),
    currency: 'EUR',
    merchant_id: `M-${number % 500}`,
    merchant_category: '5411',
    country: 'DE',
    location: { lat: 49.48 + Math.random() / 100, lon: 8.46 + Math.random() / 100 },
    event_ms: Date.now() - Math.floor(Math.random() * SPREAD_MS),
  });
}
