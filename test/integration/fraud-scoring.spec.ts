import { eventually, VirtualClock } from '@nerveline/testing';
import { openFraudScoring, payment } from './fraud-context';

const HOUR_MS = 3_600_000;

test('a payment is decided with score, reasons and the versions that decided', async () => {
  await using fraud = await openFraudScoring();
  const body = payment({ amount_minor: 3_500_00 });
  expect(await fraud.decide(body)).toMatchObject({
    payment_id: body['payment_id'],
    verdict: 'block',
    score: 0.8,
    reasons: [{ code: 'amount_over_limit', contribution: 0.8, text: '3,500.00 EUR, limit 250.00 EUR' }],
    read_vector: { versions: { rules: 'default-1', rates: 'eur-2026-11' } },
  });
});

test('a decision can be read by its id, by its own tenant only', async () => {
  await using fraud = await openFraudScoring();
  const { status, text } = await fraud.post(JSON.stringify(payment()));
  const { decision_id } = JSON.parse(text) as { decision_id: string };
  expect(status).toBe(200);
  expect(await fraud.get(`/v1/payments/decisions/${decision_id}`)).toMatchObject({ status: 200, text });
  const other = await fraud.keys.token({ tenant_id: 'other' });
  for (const [id, token] of [
    [decision_id, other],
    ['nothing', undefined],
    ['1-aaaaaaaaaaaaaaaaaaaaaa', undefined],
  ]) {
    const refused = await fraud.get(`/v1/payments/decisions/${id}`, token);
    expect([refused.status, JSON.parse(refused.text)]).toMatchObject([404, { error: { code: 'NL-API-006' } }]);
  }
});

test('the record in the log holds request, decision, principal and the trace that it belongs to', async () => {
  await using fraud = await openFraudScoring();
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const body = payment();
  const answer = await fetch(`${fraud.service.address}/v1/payments/decisions`, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${await fraud.keys.token({ subject: 'acquirer-1' })}`,
      traceparent,
    },
  });
  const decision = (await answer.json()) as object;
  const [record, ...more] = await fraud.readAll('fraud.decisions');
  expect(more).toEqual([]);
  expect(record?.key).toBe(`demo/${String(body['card'])}`);
  const received_ms = expect.stringMatching(/^\d{13}$/) as string;
  expect(record?.headers).toEqual({ subject: 'acquirer-1', traceparent, received_ms });
  expect(JSON.parse(record?.value ?? '')).toMatchObject({
    format_version: 2,
    request: body,
    decision,
    principal: { tenant_id: 'demo', subject: 'acquirer-1' },
  });
});

test('tenants share nothing: neither cards nor idempotency keys', async () => {
  await using fraud = await openFraudScoring();
  const others = await fraud.keys.token({ tenant_id: 'other' });
  const body = payment();
  for (let i = 0; i < 6; i += 1) await fraud.decide({ ...body, idempotency_key: `k${i}`, payment_id: `p${i}` });
  const blocked = await fraud.decide({ ...body, idempotency_key: 'k6', payment_id: 'p6' });
  expect(blocked.verdict).toBe('block');
  const fresh = await fraud.post(JSON.stringify({ ...body, idempotency_key: 'k6', payment_id: 'p6' }), others);
  expect(JSON.parse(fresh.text)).toMatchObject({ verdict: 'allow' });
});

test('cards that are no longer in memory are read again, exactly', async () => {
  await using fraud = await openFraudScoring();
  const body = payment({ location: { lat: 52.52, lon: 13.405 } });
  await fraud.decide(body);
  await fraud.restart();
  const next = { ...body, idempotency_key: 'next', payment_id: 'next', location: { lat: 38.722, lon: -9.139 } };
  expect((await fraud.decide(next)).reasons).toMatchObject([
    { code: 'impossible_travel', text: '2,310 km at the same instant' },
  ]);
});

describe('the lists', () => {
  test('until the relay has read the tables once nobody is let through an empty block list', async () => {
    await using fraud = await openFraudScoring({ snapshot: 'pending' });
    const early = await fraud.post(JSON.stringify(payment()));
    expect([early.status, JSON.parse(early.text)]).toMatchObject([
      503,
      { error: { code: 'NL-API-008', retriable: true } },
    ]);
    expect(early.headers.get('retry-after')).toBe('1');
    expect((await fraud.get('/health/ready')).status).toBe(503);
    await fraud.changes.finishSnapshot();
    await eventually(async () => (await fraud.get('/health/ready')).status === 200);
    expect((await fraud.decide(payment())).verdict).toBe('allow');
  });

  test('a profile brings its own limit and home country, and a removed one takes them away', async () => {
    await using fraud = await openFraudScoring();
    const row = { tenant_id: 'demo', card: 'c', home_country: 'DE', payment_limit_minor: 50_00, currency: 'EUR' };
    await fraud.changes.put('fraud.card_profiles', row);
    await fraud.listsApplied();
    const limited = await fraud.decide(payment({ card: 'c', amount_minor: 60_00, country: 'FR' }));
    expect(limited.reasons.map(({ code }) => code)).toEqual(['amount_over_limit', 'foreign_country']);
    expect(Object.values(limited.read_vector.offsets)).toContain(1);
    await fraud.changes.remove('fraud.card_profiles', row);
    await fraud.listsApplied();
    expect((await fraud.decide(payment({ card: 'c', amount_minor: 60_00, country: 'FR' }))).reasons).toEqual([]);
  });

  test('they are there after a restart, and TRUNCATE empties them', async () => {
    await using fraud = await openFraudScoring();
    for (let i = 0; i < 20; i += 1) {
      const row = { tenant_id: 'demo', kind: 'merchant', value: `m/${i}`, reason: 'shell company', added_by: 'clerk' };
      await fraud.changes.put('fraud.block_list', row);
    }
    await fraud.listsApplied();
    await fraud.restart();
    const blocked = await fraud.decide(payment({ merchant_id: 'm/7' }));
    expect(blocked).toMatchObject({
      verdict: 'block',
      reasons: [{ code: 'blocked_merchant', text: 'this merchant is on the block list: shell company' }],
    });
    await fraud.changes.truncate('fraud.block_list');
    await fraud.listsApplied();
    expect((await fraud.decide(payment({ merchant_id: 'm/7' }))).verdict).toBe('allow');
  });
});

test('a row that was removed while the service was away is gone, also when compaction left its tombstone alone', async () => {
  await using fraud = await openFraudScoring({
    compaction: { housekeeping_interval_ms: 5, compaction_min_records: 1 },
  });
  const row = { tenant_id: 'demo', kind: 'card', value: 'c', reason: 'stolen', added_by: 'clerk' };
  await fraud.changes.put('fraud.block_list', row);
  await fraud.listsApplied();
  expect((await fraud.decide(payment({ card: 'c' }))).verdict).toBe('block');
  await fraud.restart(async () => {
    await fraud.changes.remove('fraud.block_list', row);
    await fraud.changes.compacted('fraud.block_list', row);
  });
  await fraud.listsApplied();
  expect((await fraud.decide(payment({ card: 'c' }))).verdict).toBe('allow');
});

test('a row that was removed while the service was away for days is gone, also when its tombstone is', async () => {
  await using fraud = await openFraudScoring({
    compaction: { housekeeping_interval_ms: 5, compaction_min_records: 1 },
  });
  const row = { tenant_id: 'demo', kind: 'card', value: 'c', reason: 'stolen', added_by: 'clerk' };
  const kept = { ...row, value: 'kept' };
  await fraud.changes.put('fraud.block_list', row);
  await fraud.changes.put('fraud.block_list', kept);
  await fraud.listsApplied();
  await fraud.restart(async () => {
    await fraud.changes.remove('fraud.block_list', row);
    const now_ms = Date.now();
    const later = jest.spyOn(Date, 'now').mockImplementation(() => now_ms + 49 * HOUR_MS);
    await fraud.changes.compacted('fraud.block_list', row, 0).finally(() => later.mockRestore());
  });
  await fraud.listsApplied();
  expect((await fraud.decide(payment({ card: 'c' }))).verdict).toBe('allow');
  expect((await fraud.decide(payment({ card: 'kept' }))).verdict).toBe('block');
});

describe('the event clock', () => {
  const FIRST_DAY_MS = Date.UTC(2018, 3, 1);

  const declare = (source: string, event_ms: number, wall_ms: number) => ({
    tenant_id: 'demo',
    source,
    event_ms,
    wall_ms,
    speed: 5_000,
  });

  test('a source that plays the past sets the time by which payments are too old or too early', async () => {
    const wall = new VirtualClock();
    await using fraud = await openFraudScoring({ wall });
    const old = payment({ event_ms: FIRST_DAY_MS });
    const refused = await fraud.post(JSON.stringify(old));
    expect([refused.status, JSON.parse(refused.text)]).toMatchObject([
      422,
      { error: { code: 'NL-FRD-002', field: 'event_ms', retriable: false } },
    ]);
    await fraud.changes.put('platform.event_clock', declare('stock', 0, wall.now_ms()));
    await fraud.changes.put('platform.event_clock', declare('payments', FIRST_DAY_MS, wall.now_ms()));
    await fraud.listsApplied();
    expect((await fraud.decide(old)).read_vector.event_clock_ms).toBe(FIRST_DAY_MS);
    wall.advance(1_000);
    expect((await fraud.decide(payment({ event_ms: FIRST_DAY_MS }))).read_vector.event_clock_ms).toBe(
      FIRST_DAY_MS + 5_000_000,
    );
    await fraud.restart();
    const ready = JSON.parse((await fraud.get('/health/ready')).text) as { facts: object };
    expect(ready.facts).toEqual({
      event_clocks: { demo: { event_clock_ms: FIRST_DAY_MS + 5_000_000, speed: 5_000 } },
      dead_letters: {},
    });
  });

  test('an answer is repeated for 24 hours by the event clock, then forgotten, also on disk', async () => {
    const wall = new VirtualClock(Date.UTC(2026, 0, 1));
    await using fraud = await openFraudScoring({ wall });
    const body = payment({ event_ms: wall.now_ms() });
    const first = await fraud.decide(body);
    wall.advance(24 * HOUR_MS);
    expect(await fraud.decide(body)).toEqual(first);
    wall.advance(6 * HOUR_MS);
    const again = await fraud.decide(body);
    expect(again.decision_id).not.toBe(first.decision_id);
    // The new part of the day has swept the old one.
    await fraud.restart();
    expect((await fraud.get(`/v1/payments/decisions/${first.decision_id}`)).status).toBe(404);
    expect((await fraud.get(`/v1/payments/decisions/${again.decision_id}`)).status).toBe(200);
  });
});

test('what it serves is described, and what it does is measured', async () => {
  await using fraud = await openFraudScoring();
  await fraud.decide(payment());
  const { text } = await fraud.get('/metrics');
  expect(text).toMatch(/nerveline_fraud_decisions_total\{verdict="allow"\} [1-9]/);
  expect(text).toMatch(/nerveline_fraud_decision_seconds_count [1-9]/);
  expect(text).toMatch(/nerveline_fraud_cached_cards 1\n/);
  const document = JSON.parse((await fraud.get('/openapi.json')).text) as { paths: Record<string, object> };
  expect(document.paths).toMatchObject({
    '/v1/payments/decisions': { post: { security: [{ bearer: ['payments:decide'] }] } },
    '/v1/payments/decisions/{decision_id}': { get: { security: [{ bearer: ['payments:read'] }] } },
  });
});
