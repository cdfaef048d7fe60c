import { paymentDecisionRequest } from '@nerveline/contracts';
import { defaultPolicy } from './default-policy';
import { acceptPayment } from './payment';

const NOW_MS = 1_522_540_800_000;

const request = (more: object = {}) =>
  paymentDecisionRequest.parse({
    payment_id: 'p',
    idempotency_key: 'k',
    card: 'c',
    amount_minor: 100_00,
    currency: 'USD',
    merchant_id: 'm',
    event_ms: NOW_MS,
    ...more,
  });

test('an amount is taken over into the base currency', () => {
  expect(acceptPayment(request(), NOW_MS, defaultPolicy)).toMatchObject({
    ok: true,
    value: { amount_base_minor: 86_00 },
  });
});

test.each([
  ['as old as the policy takes', -defaultPolicy.max_age_ms, true],
  ['a millisecond older', -defaultPolicy.max_age_ms - 1, 'NL-FRD-002'],
  ['as far ahead as the policy takes', defaultPolicy.max_ahead_ms, true],
  ['a millisecond further', defaultPolicy.max_ahead_ms + 1, 'NL-FRD-001'],
])('a payment %s', (_name, ahead_ms, outcome) => {
  const accepted = acceptPayment(request({ event_ms: NOW_MS + ahead_ms }), NOW_MS, defaultPolicy);
  if (outcome === true) expect(accepted.ok).toBe(true);
  else expect(accepted).toMatchObject({ ok: false, error: { code: outcome, field: 'event_ms' } });
});

test.each(['XTS', 'ZZZ'])('the currency %s has no rate', (currency) => {
  expect(acceptPayment(request({ currency }), NOW_MS, defaultPolicy)).toMatchObject({
    ok: false,
    error: { code: 'NL-FRD-004', field: 'currency' },
  });
});
