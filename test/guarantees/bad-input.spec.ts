import { catalogue } from '@nerveline/kernel';
import { Client } from 'pg';
import { startPlatform, type TestPlatform } from '@nerveline/testing';

const SERVICES = ['fraud-scoring', 'inventory-sync', 'gps-rerouting'];
const YEAR_MS = 365 * 86_400_000;
const LARGE = `{"fixes":"${'x'.repeat(50 * 1_048_576)}"}`;

const ON_MAP = { lat: 49.4905, lon: 8.43 };
const payment = {
  payment_id: 'P-1',
  idempotency_key: 'bad-input',
  card: 'C-1',
  amount_minor: 1_250,
  currency: 'EUR',
  merchant_id: 'M-1',
  event_ms: Date.now(),
};
const reservation = {
  idempotency_key: 'bad-input',
  channel_id: 'web',
  holder: 'cart',
  lines: [{ sku: 'SKU-0001', location_id: 'berlin', quantity: 1 }],
  ttl_ms: 60_000,
};
const movement = {
  idempotency_key: 'bad-input',
  kind: 'receipt',
  sku: 'SKU-0001',
  location_id: 'berlin',
  quantity: 1,
  reason: 'delivery',
};
const cart = {
  idempotency_key: 'bad-input',
  kind: 'added',
  cart_id: 'cart',
  channel_id: 'web',
  sku: 'SKU-0001',
  quantity: 1,
};
const fix = { vehicle_id: 'V-1', ...ON_MAP, event_ms: Date.now() };
const incident = {
  idempotency_key: 'bad-input',
  incident_id: 'bad-input',
  kind: 'jam',
  where: { kind: 'circle', centre: ON_MAP, radius_m: 100 },
  speed_factor: 0.5,
  reason: 'jam',
  ends_at_ms: null,
};
const trip = { vehicle_id: 'V-1', from: ON_MAP, to: ON_MAP };
const answer = { proposal_id: 'V-1-1', answer: 'accepted' };

/** Every route that takes a body, with one that would do. */
const routes: readonly (readonly [service: string, path: string, body: object])[] = [
  ['fraud-scoring', '/v1/payments/decisions', payment],
  ['inventory-sync', '/v1/reservations', reservation],
  ['inventory-sync', '/v1/reservations/0199d0a0-0000-7000-8000-000000000000/commit', {}],
  ['inventory-sync', '/v1/reservations/0199d0a0-0000-7000-8000-000000000000/release', {}],
  ['inventory-sync', '/v1/stock/movements', movement],
  ['inventory-sync', '/v1/stock/movements/batch', { movements: [movement] }],
  ['inventory-sync', '/v1/carts/events', cart],
  ['gps-rerouting', '/v1/positions', { fixes: [fix] }],
  ['gps-rerouting', '/v1/plans', trip],
  ['gps-rerouting', '/v1/traffic', incident],
  ['gps-rerouting', '/v1/proposals/answer', answer],
  ['gps-rerouting', '/v1/routes', { from: ON_MAP, to: ON_MAP }],
];

/** What is wrong in a way of its own: the body, and the field that the answer must name. */
const wrong: readonly (readonly [what: string, service: string, path: string, body: object, field: string])[] = [
  ['a negative amount', 'fraud-scoring', '/v1/payments/decisions', { ...payment, amount_minor: -1 }, 'amount_minor'],
  ['a huge amount', 'fraud-scoring', '/v1/payments/decisions', { ...payment, amount_minor: 1e21 }, 'amount_minor'],
  ['a year ahead', 'fraud-scoring', '/v1/payments/decisions', later(payment, 1), 'event_ms'],
  ['a year ago', 'fraud-scoring', '/v1/payments/decisions', later(payment, -1), 'event_ms'],
  [
    'off the globe',
    'fraud-scoring',
    '/v1/payments/decisions',
    { ...payment, location: { lat: 91, lon: 0 } },
    'location.lat',
  ],
  ['a negative quantity', 'inventory-sync', '/v1/reservations', withLine({ quantity: -1 }), 'lines[0].quantity'],
  ['a huge quantity', 'inventory-sync', '/v1/reservations', withLine({ quantity: 1e12 }), 'lines[0].quantity'],
  ['a year ahead', 'inventory-sync', '/v1/reservations', later(reservation, 1), 'event_ms'],
  ['a year ago', 'inventory-sync', '/v1/reservations', later(reservation, -1), 'event_ms'],
  ['a huge quantity', 'inventory-sync', '/v1/stock/movements', { ...movement, quantity: 1e12 }, 'quantity'],
  ['a receipt that takes', 'inventory-sync', '/v1/stock/movements', { ...movement, quantity: -1 }, 'quantity'],
  ['an unknown SKU', 'inventory-sync', '/v1/stock/movements', { ...movement, sku: 'nobody-sells-it' }, 'sku'],
  ['an unknown place', 'inventory-sync', '/v1/stock/movements', { ...movement, location_id: 'moon' }, 'location_id'],
  ['an unknown channel', 'inventory-sync', '/v1/carts/events', { ...cart, channel_id: 'moon' }, 'channel_id'],
  ['an unknown SKU', 'inventory-sync', '/v1/carts/events', { ...cart, sku: 'nobody-sells-it' }, 'sku'],
  ['a year ahead', 'gps-rerouting', '/v1/positions', { fixes: [later(fix, 1)] }, 'fixes[0].event_ms'],
  ['a year ago', 'gps-rerouting', '/v1/positions', { fixes: [later(fix, -1)] }, 'fixes[0].event_ms'],
  ['off the globe', 'gps-rerouting', '/v1/positions', { fixes: [{ ...fix, lon: 181 }] }, 'fixes[0].lon'],
  ['off the map', 'gps-rerouting', '/v1/positions', { fixes: [{ ...fix, lat: 0 }] }, 'fixes[0]'],
  ['off the map', 'gps-rerouting', '/v1/plans', { ...trip, to: { lat: 0, lon: 0 } }, 'to'],
  ['off the map', 'gps-rerouting', '/v1/routes', { from: { lat: 0, lon: 0 }, to: ON_MAP }, 'from'],
  [
    'off the map',
    'gps-rerouting',
    '/v1/traffic',
    { ...incident, where: { ...incident.where, centre: { lat: 0, lon: 0 } } },
    'where.centre',
  ],
  ['a jam of no strength', 'gps-rerouting', '/v1/traffic', without(incident, 'speed_factor'), 'speed_factor'],
  ['over in 1970', 'gps-rerouting', '/v1/traffic', { ...incident, ends_at_ms: 1 }, 'ends_at_ms'],
  ['the year 9999', 'gps-rerouting', '/v1/traffic', { ...incident, ends_at_ms: Date.UTC(9_999, 0) }, 'ends_at_ms'],
  ['a proposal that nobody made', 'gps-rerouting', '/v1/proposals/answer', answer, 'proposal_id'],
];

function later<T extends object>(body: T, years: number): T & { event_ms: number } {
  return { ...body, event_ms: Date.now() + years * YEAR_MS };
}

function without(body: object, field: string): object {
  return Object.fromEntries(Object.entries(body).filter(([name]) => name !== field));
}

function withLine(change: object): object {
  return { ...reservation, lines: reservation.lines.map((line) => ({ ...line, ...change })) };
}

describe('a platform that is sent nonsense', () => {
  let platform: TestPlatform;
  let pids: readonly (number | undefined)[];
  afterAll(() => platform[Symbol.asyncDispose]());

  const pidsNow = () => SERVICES.map((service) => platform.pidOf(service));

  beforeAll(async () => {
    platform = await startPlatform({ words: ['--no-simulator'] });
    const database = new Client({ connectionString: platform.database_url });
    await database.connect();
    await database.query(`
      INSERT INTO inventory.products VALUES ('demo', 'SKU-0001', 'A thing', 999, 'EUR');
      INSERT INTO inventory.locations VALUES ('demo', 'berlin', 'Berlin');
      INSERT INTO inventory.channels VALUES ('demo', 'web', 'Web', NULL)`);
    await database.end();
    pids = pidsNow();
  }, 150_000);

  async function refusal(service: string, path: string, text: string) {
    const headers = { authorization: `Bearer ${platform.token}`, 'content-type': 'application/json' };
    const answered = await fetch(`${platform.addressOf(service)}${path}`, { method: 'POST', headers, body: text });
    const { error } = (await answered.json()) as { error?: { code: string; field?: string } };
    return { status: answered.status, code: error?.code ?? '', field: error?.field };
  }

  test.each(routes)('%s refuses at %s what is no JSON, or too much of it', async (service, path) => {
    expect(await refusal(service, path, '{"half":')).toMatchObject({ status: 400, code: 'NL-API-002' });
    expect(await refusal(service, path, LARGE)).toMatchObject({ status: 413, code: 'NL-API-003' });
  });

  test.each(routes)('%s names at %s the field that it does not know', async (service, path, body) => {
    const refused = await refusal(service, path, JSON.stringify({ ...body, colour: 'red' }));
    expect(refused).toEqual({ status: 400, code: 'NL-API-001', field: 'colour' });
  });

  test.each(routes)('%s names at %s every field of a wrong type', async (service, path, body) => {
    for (const field of Object.keys(body)) {
      const refused = await refusal(service, path, JSON.stringify({ ...body, [field]: { wrong: true } }));
      expect(refused).toMatchObject({ status: 400, code: 'NL-API-001' });
      // Where the field is an object itself, it is one of its parts.
      expect(refused.field?.startsWith(field)).toBe(true);
    }
  });

  test.each(wrong)('%s: %s refuses it at %s', async (_what, service, path, body, field) => {
    const refused = await refusal(service, path, JSON.stringify(body));
    expect(refused.status).toBeGreaterThanOrEqual(400);
    expect(refused.status).toBeLessThan(500);
    expect(Object.keys(catalogue)).toContain(refused.code);
    expect(refused.field).toBe(field);
  });

  // The last word, after all of the above.
  test('every service is ready afterwards, in the process that it was, and nothing is half done', async () => {
    const ready = await Promise.all(SERVICES.map(async (name) => (await platform.get(name, '/health/ready')).status));
    expect(ready).toEqual([200, 200, 200]);
    expect(pidsNow()).toEqual(pids);
    const stock = await platform.get('inventory-sync', '/v1/stock/SKU-0001');
    expect(stock.body).toMatchObject({ levels: [], ledger: [] });
    expect(platform.output()).not.toContain('MaxListenersExceededWarning');
  });
});
