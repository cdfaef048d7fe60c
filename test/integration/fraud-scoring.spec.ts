import { openFraudScoring, payment } from './fraud-context';

test('a payment is decided with score, reasons and the versions that decided', async () => {
  await using fraud = await openFraudScoring();
  const body = payment({ amount_minor: 3_500_00 });
  const decision = await fraud.decide(body);
  expect(decision).toMatchObject({
    payment_id: body['payment_id'],
    verdict: 'block',
    score: 0.8,
    reasons: [{ code: 'amount_over_limit', contribution: 0.8, text: '3,500.00 EUR, limit 1,000.00 EUR' }],
    read_vector: { versions: { rules: 'default-1', rates: 'eur-2026-11' } },
  });
});
