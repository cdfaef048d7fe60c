import { openFraudScoring, payment, type FraudContext } from './fraud-context';

const DAY_MS = 86_400_000;
const CARD_NUMBER = '4111 1111 1111 1111';

type Case = readonly [name: string, body: () => string, status: number, code: string, field: string | undefined];

const withField = (field: string, value: unknown) => () => JSON.stringify({ ...payment(), [field]: value });

const without = (field: string) => () => {
  const { [field]: _left_out, ...rest } = payment();
  return JSON.stringify(rest);
};

const schema = (field: string, value: unknown): Case => [
  `${field} ${JSON.stringify(value)}`.slice(0, 60),
  withField(field, value),
  400,
  'NL-API-001',
  field,
];

const cases: readonly Case[] = [
  ['malformed JSON', () => '{"payment_id":', 400, 'NL-API-002', undefined],
  ['an empty body', () => '', 400, 'NL-API-002', undefined],
  ['a body of another kind', () => '[]', 400, 'NL-API-001', ''],
  ['a body that reaches for the prototype', () => '{"__proto__":{"verdict":"allow"}}', 400, 'NL-API-002', undefined],
  ['a missing amount', without('amount_minor'), 400, 'NL-API-001', 'amount_minor'],
  ['a missing idempotency key', without('idempotency_key'), 400, 'NL-API-001', 'idempotency_key'],
  ['an unknown field', withField('device_fingerprint', 'x'), 400, 'NL-API-001', 'device_fingerprint'],
  schema('amount_minor', -1),
  schema('amount_minor', 9_000_000_000_001),
  schema('amount_minor', 12.5),
  schema('amount_minor', '1250'),
  schema('amount_minor', null),
  [
    'an amount beyond all numbers',
    () => withField('amount_minor', 0)().replace('"amount_minor":0', '"amount_minor":1e999'),
    400,
    'NL-API-001',
    'amount_minor',
  ],
  schema('currency', 'eur'),
  schema('currency', 'EURO'),
  ['a currency without a rate', withField('currency', 'XTS'), 422, 'NL-FRD-004', 'currency'],
  ['a currency named like a property', withField('currency', 'TOS'), 422, 'NL-FRD-004', 'currency'],
  schema('country', 'Germany'),
  schema('event_ms', '2026-01-01'),
  schema('event_ms', -1),
  schema('event_ms', 1e300),
  ['a time far in the future', withField('event_ms', Date.now() + DAY_MS), 422, 'NL-FRD-001', 'event_ms'],
  ['a time far in the past', withField('event_ms', Date.now() - 30 * DAY_MS), 422, 'NL-FRD-002', 'event_ms'],
  ['a latitude beyond the pole', withField('location', { lat: 90.1, lon: 0 }), 400, 'NL-API-001', 'location.lat'],
  [
    'a longitude beyond the date line',
    withField('location', { lat: 0, lon: -180.1 }),
    400,
    'NL-API-001',
    'location.lon',
  ],
  ['half a position', withField('location', { lat: 1 }), 400, 'NL-API-001', 'location.lon'],
  ['a position with a height', withField('location', { lat: 1, lon: 1, alt: 1 }), 400, 'NL-API-001', 'location.alt'],
  ['a card number', withField('card', CARD_NUMBER), 422, 'NL-FRD-003', 'card'],
  schema('card', ''),
  schema('card', ' c'),
  schema('card', 'c'.repeat(129)),
  schema('card', 'c\u0000'),
  schema('merchant_id', 'm\u202e'),
  schema('idempotency_key', ['k']),
  ['a body of 50 MB', withField('merchant_category', 'x'.repeat(50 * 1_048_576)), 413, 'NL-API-003', undefined],
];

describe('a service that is sent nonsense', () => {
  let fraud: FraudContext;

  beforeAll(async () => {
    fraud = await openFraudScoring();
  });

  afterAll(async () => {
    await fraud[Symbol.asyncDispose]();
  });

  test.each(cases)('%s is refused with a code that names the field', async (_name, body, status, code, field) => {
    const before = await fraud.readAll('fraud.decisions');
    const refused = await fraud.post(body());
    const { error } = JSON.parse(refused.text) as { error: Record<string, unknown> };
    expect([refused.status, error['code'], error['field']]).toEqual([status, code, field]);
    // Nothing was half done, and the service goes on.
    expect(await fraud.readAll('fraud.decisions')).toEqual(before);
    expect((await fraud.decide(payment())).verdict).toBe('allow');
  });
});

test('a card number leaves no trace: not in the answer, the log or the output', async () => {
  const written: string[] = [];
  const spies = [process.stdout, process.stderr].map((stream) =>
    jest.spyOn(stream, 'write').mockImplementation((chunk) => written.push(String(chunk)) > 0),
  );
  try {
    await using fraud = await openFraudScoring();
    const refused = await fraud.post(JSON.stringify(payment({ card: CARD_NUMBER })));
    const records = await fraud.readAll('fraud.decisions');
    expect([refused.text, ...written, ...records.map(({ value }) => value)].join()).not.toContain('4111');
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
});

test.each([
  ['no token', 'none', 401, 'NL-API-004'],
  ['a token without the scope', 'reader', 403, 'NL-API-005'],
  ['a token of a tenant that can not be', 'strange', 401, 'NL-API-004'],
])('%s is refused', async (_name, who, status, code) => {
  await using fraud = await openFraudScoring();
  const tokens: Record<string, string> = {
    none: '',
    reader: await fraud.keys.token({ scopes: ['payments:read'] }),
    strange: await fraud.keys.token({ tenant_id: 'a/b' }),
  };
  const refused = await fraud.post(JSON.stringify(payment()), tokens[who]);
  expect([refused.status, JSON.parse(refused.text)]).toMatchObject([status, { error: { code } }]);
});

test('a payment of zero is an account check and is decided', async () => {
  await using fraud = await openFraudScoring();
  expect((await fraud.decide(payment({ amount_minor: 0 }))).verdict).toBe('allow');
});
