import { randomUUID } from 'node:crypto';
import { stopOwnPostgres } from '@nerveline/testing';
import { brokenPromises, openInventory, reservationOf } from '../guarantees/inventory-harness';

type Inventory = Awaited<ReturnType<typeof openInventory>>;

let inventory: Inventory;

beforeAll(async () => {
  inventory = await openInventory({ skus: ['A-17', 'B-3', 'C-1'] });
}, 60_000);

afterAll(async () => {
  try {
    expect(await brokenPromises(inventory.database)).toEqual([]);
  } finally {
    await inventory[Symbol.asyncDispose]();
    await stopOwnPostgres();
  }
});

const line = (more: object = {}) => ({ sku: 'A-17', location_id: 'B1', quantity: 1, ...more });
const movement = (more: object = {}) => ({
  idempotency_key: randomUUID(),
  kind: 'receipt',
  sku: 'A-17',
  location_id: 'B1',
  quantity: 5,
  reason: 'delivery',
  ...more,
});
const reserve = (lines: object[], more?: object) =>
  inventory.client.post('/v1/reservations', reservationOf(lines, more));
const move = (more?: object) => inventory.client.post('/v1/stock/movements', movement(more));
const levelOf = async (sku: string, location_id = 'B1') => {
  const rows = await inventory.database.query(
    'SELECT on_hand, reserved FROM inventory.stock_levels WHERE sku = $1 AND location_id = $2',
    [sku, location_id],
  );
  return rows[0];
};
const count = async (table: string) =>
  (await inventory.database.query(`SELECT count(*)::int AS rows FROM inventory.${table}`))[0]?.['rows'];

describe('a reservation', () => {
  test('takes the same SKU on two lines as one demand', async () => {
    await move({ sku: 'B-3', quantity: 5 });
    const too_many = await reserve([line({ sku: 'B-3', quantity: 3 }), line({ sku: 'B-3', quantity: 3 })]);
    expect(too_many.body).toEqual({
      kind: 'refused',
      lines: [{ sku: 'B-3', location_id: 'B1', reason: 'insufficient_stock', available: 5 }],
    });
    const granted = await reserve([line({ sku: 'B-3', quantity: 3 }), line({ sku: 'B-3', quantity: 2 })]);
    expect(granted.body).toMatchObject({ kind: 'granted' });
    expect(await levelOf('B-3')).toEqual({ on_hand: 5, reserved: 5 });
    expect(
      (await inventory.client.post(`/v1/reservations/${String(granted.body['reservation_id'])}/release`)).body,
    ).toEqual({
      reservation_id: granted.body['reservation_id'],
      status: 'released',
    });
    expect(await levelOf('B-3')).toEqual({ on_hand: 5, reserved: 0 });
  });

  test('with an unknown SKU is refused as a value, and takes nothing of the lines that were there', async () => {
    await move({ quantity: 4 });
    const before = await levelOf('A-17');
    const { status, body } = await reserve([line(), line({ sku: 'nowhere' })]);
    expect(status).toBe(200);
    expect(body).toEqual({
      kind: 'refused',
      lines: [{ sku: 'nowhere', location_id: 'B1', reason: 'unknown_sku', available: 0 }],
    });
    expect(await levelOf('A-17')).toEqual(before);
  });

  test('at an unknown location is refused with the location as the reason, also when it is asked again', async () => {
    await move({ quantity: 4 });
    const before = await levelOf('A-17');
    const request = reservationOf([line(), line({ location_id: 'B-later' })]);
    const ask = () => inventory.client.post('/v1/reservations', request);
    const first = await ask();
    expect(first).toMatchObject({ status: 200 });
    expect(first.body).toEqual({
      kind: 'refused',
      lines: [{ sku: 'A-17', location_id: 'B-later', reason: 'unknown_location', available: 0 }],
    });
    expect(await levelOf('A-17')).toEqual(before);
    await inventory.database.query(`INSERT INTO inventory.locations VALUES ('demo', 'B-later', 'Found after all')`);
    expect(await ask()).toEqual(first);
    expect((await reserve([line({ location_id: 'B-later' })])).body).toMatchObject({
      lines: [{ reason: 'insufficient_stock' }],
    });
  });

  test('is sold once: commit takes the units away, and a second commit changes nothing', async () => {
    await move({ quantity: 4 });
    const before = await levelOf('A-17');
    const { body } = await reserve([line({ quantity: 2 })]);
    const path = `/v1/reservations/${String(body['reservation_id'])}`;
    for (let i = 0; i < 2; i += 1) {
      expect(await inventory.client.post(`${path}/commit`, {})).toEqual({
        status: 200,
        body: { reservation_id: body['reservation_id'], status: 'committed' },
      });
    }
    expect(await levelOf('A-17')).toEqual({ ...before, on_hand: Number(before?.['on_hand']) - 2 });
    expect(await inventory.client.post(`${path}/release`)).toMatchObject({
      status: 409,
      body: { error: { code: 'NL-INV-007' } },
    });
  });

  test('of another tenant does not exist', async () => {
    const { body } = await reserve([line()]);
    const token = await inventory.keys.token({ tenant_id: 'other' });
    const answer = await inventory.client.post(`/v1/reservations/${String(body['reservation_id'])}/commit`, {}, token);
    expect(answer).toMatchObject({ status: 404, body: { error: { code: 'NL-INV-004' } } });
  });

  test.each([
    ['quantity 0', { lines: [line({ quantity: 0 })] }, 400, 'NL-API-001', 'lines[0].quantity'],
    ['a negative quantity', { lines: [line({ quantity: -1 })] }, 400, 'NL-API-001', 'lines[0].quantity'],
    ['a fractional quantity', { lines: [line({ quantity: 1.5 })] }, 400, 'NL-API-001', 'lines[0].quantity'],
    ['a quantity of 2^53', { lines: [line({ quantity: 2 ** 53 })] }, 400, 'NL-API-001', 'lines[0].quantity'],
    ['no lines', { lines: [] }, 400, 'NL-API-001', 'lines'],
    ['a TTL of zero', { ttl_ms: 0 }, 400, 'NL-API-001', 'ttl_ms'],
    ['a TTL of a year', { ttl_ms: 31_536_000_000 }, 400, 'NL-API-001', 'ttl_ms'],
    ['an unknown field', { colour: 'red' }, 400, 'NL-API-001', 'colour'],
    ['a holder that no text column takes', { holder: 'a\u0000b' }, 400, 'NL-API-001', 'holder'],
    ['a holder with half a character', { holder: '\ud800' }, 400, 'NL-API-001', 'holder'],
    ['an unknown channel', { channel_id: 'moon' }, 404, 'NL-INV-003', 'channel_id'],
    ['a time far in the future', { event_ms: Date.now() + 3_600_000 }, 400, 'NL-INV-011', 'event_ms'],
    ['a time of another age', { event_ms: 1_291_191_960_000 }, 400, 'NL-INV-012', 'event_ms'],
  ])(
    'with %s is answered with a code that names the field, and nothing is done',
    async (_name, more, status, code, field) => {
      const before = await count('stock_ledger');
      expect(await reserve([line()], more)).toMatchObject({ status, body: { error: { code, field } } });
      expect(await count('stock_ledger')).toBe(before);
    },
  );

  test('that was never made can be neither released nor committed', async () => {
    for (const verb of ['release', 'commit']) {
      expect(await inventory.client.post(`/v1/reservations/${randomUUID()}/${verb}`)).toMatchObject({
        status: 404,
        body: { error: { code: 'NL-INV-004' } },
      });
    }
  });
});

describe('an idempotency key', () => {
  test('gets the same answer for the same request, and 409 for another one', async () => {
    await move({ quantity: 3 });
    const request = reservationOf([line()]);
    const first = await inventory.client.post('/v1/reservations', request);
    const again = await inventory.client.post('/v1/reservations', { ...request, lines: [line()] });
    expect(again).toEqual(first);
    const other = await inventory.client.post('/v1/reservations', { ...request, lines: [line({ quantity: 2 })] });
    expect(other).toMatchObject({ status: 409, body: { error: { code: 'NL-API-007', field: 'idempotency_key' } } });
  });

  test('that comes twice at the same instant acts once', async () => {
    await move({ quantity: 3 });
    const before = Number((await levelOf('A-17'))?.['reserved']);
    const request = reservationOf([line()]);
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => inventory.client.post('/v1/reservations', request)),
    );
    expect(new Set(answers.map(({ body }) => body['reservation_id'])).size).toBe(1);
    expect(Number((await levelOf('A-17'))?.['reserved'])).toBe(before + 1);
  });
});

describe('a movement', () => {
  test('brings units to a location that never had any, and says what is there then', async () => {
    expect((await move({ sku: 'C-1', location_id: 'B2', quantity: 7 })).body).toEqual({
      sku: 'C-1',
      location_id: 'B2',
      on_hand: 7,
      reserved: 0,
      entry: 1,
    });
    expect(
      (await move({ sku: 'C-1', location_id: 'B2', kind: 'adjustment', quantity: -2, reason: 'broken' })).body,
    ).toMatchObject({
      on_hand: 5,
      entry: 2,
    });
    expect(
      (await move({ sku: 'C-1', kind: 'return', quantity: 1, reason: 'unmatched_return', channel_id: 'web' })).body,
    ).toMatchObject({
      on_hand: 1,
      entry: 3,
    });
  });

  test.each([
    ['quantity 0', { quantity: 0 }, 400, 'NL-API-001', 'quantity'],
    ['a quantity of 2^53', { quantity: 2 ** 53 }, 400, 'NL-API-001', 'quantity'],
    ['a fractional quantity', { quantity: 0.5 }, 400, 'NL-API-001', 'quantity'],
    ['a negative receipt', { quantity: -1 }, 400, 'NL-INV-008', 'quantity'],
    ['more taken away than is there', { kind: 'adjustment', quantity: -900_000 }, 409, 'NL-INV-009', 'quantity'],
    ['a reason that no text column takes', { reason: 'a\u0000b' }, 400, 'NL-API-001', 'reason'],
    ['an unknown SKU', { sku: 'nowhere' }, 404, 'NL-INV-001', 'sku'],
    ['an unknown location', { location_id: 'nowhere' }, 404, 'NL-INV-002', 'location_id'],
    ['an unknown channel', { channel_id: 'moon' }, 404, 'NL-INV-003', 'channel_id'],
  ])('with %s is refused with a code that names the field', async (_name, more, status, code, field) => {
    const before = await count('stock_ledger');
    expect(await move(more)).toMatchObject({ status, body: { error: { code, field } } });
    expect(await count('stock_ledger')).toBe(before);
  });

  test('travels in bulk, each one done or refused for itself', async () => {
    const { status, body } = await inventory.client.post('/v1/stock/movements/batch', {
      movements: [
        movement({ sku: 'C-1', quantity: 10 }),
        movement({ sku: 'nowhere' }),
        movement({ sku: 'C-1', quantity: 1 }),
      ],
    });
    expect(status).toBe(200);
    expect(body['answers']).toMatchObject([
      { kind: 'moved', answer: { sku: 'C-1' } },
      { kind: 'refused', code: 'NL-INV-001', field: 'sku' },
      { kind: 'moved', answer: { sku: 'C-1' } },
    ]);
  });

  test('a thousand of them are one request', async () => {
    const movements = Array.from({ length: 1_000 }, () => movement({ sku: 'C-1', quantity: 1 }));
    const before = Number((await levelOf('C-1'))?.['on_hand']);
    const { body } = await inventory.client.post('/v1/stock/movements/batch', { movements });
    expect(body['answers']).toHaveLength(1_000);
    expect(Number((await levelOf('C-1'))?.['on_hand'])).toBe(before + 1_000);
  });
});

describe('why is it so?', () => {
  test('the levels come with the ledger rows that made them, newest first, page by page', async () => {
    const { body } = await inventory.client.get('/v1/stock/C-1?limit=2');
    expect(body).toMatchObject({
      sku: 'C-1',
      name: 'Product C-1',
      levels: [{ location_id: 'B1' }, { location_id: 'B2' }],
    });
    const ledger = body['ledger'] as { entry: number; subject: string }[];
    expect(ledger.map(({ entry }) => entry)).toEqual([body['entry'], Number(body['entry']) - 1]);
    expect(ledger[0]?.subject).toBe('shop-1');
    const older = await inventory.client.get(`/v1/stock/C-1?limit=1&before_entry=2`);
    expect(older.body['ledger']).toMatchObject([{ entry: 1, kind: 'receipt', on_hand_after: 7 }]);
  });

  test('an entry that no ledger reaches is refused by name', async () => {
    expect(await inventory.client.get('/v1/stock/C-1?before_entry=2147483648')).toMatchObject({
      status: 400,
      body: { error: { code: 'NL-API-001', field: 'before_entry' } },
    });
  });

  test('an unknown SKU is a 404 with a code', async () => {
    expect(await inventory.client.get('/v1/stock/nowhere')).toMatchObject({
      status: 404,
      body: { error: { code: 'NL-INV-001' } },
    });
  });

  test.each([
    ['reserving', 'POST', '/v1/reservations', 'stock:reserve'],
    ['moving', 'POST', '/v1/stock/movements', 'stock:write'],
  ])('%s needs its scope', async (_name, _method, path, scope) => {
    const token = await inventory.keys.token({ scopes: ['stock:read'] });
    const body = path === '/v1/reservations' ? reservationOf([line()]) : movement();
    expect(await inventory.client.post(path, body, token)).toMatchObject({
      status: 403,
      body: { error: { code: 'NL-API-005', detail: `this needs the scope ${scope}` } },
    });
  });
});

describe('the ledger', () => {
  test.each([
    'UPDATE inventory.stock_ledger SET reason = NULL',
    'DELETE FROM inventory.stock_ledger',
    'TRUNCATE inventory.stock_ledger',
  ])('is append-only: %s is refused', async (sql) => {
    await expect(inventory.database.query(sql)).rejects.toThrow('append-only');
  });
});

describe('the source tables', () => {
  const CLOCK = 'INSERT INTO platform.event_clock (tenant_id, source, event_ms, wall_ms, speed) VALUES';

  test.each([
    ['a price beyond exact money', `INSERT INTO inventory.products VALUES ('demo', 'P', 'p', 9000000000001, 'EUR')`],
    ['an infinite clock', `${CLOCK} ('demo', 'fleet', 1, 1, 'Infinity')`],
    ['a clock without a speed', `${CLOCK} ('demo', 'fleet', 1, 1, 'NaN')`],
    ['a clock before 1970', `${CLOCK} ('demo', 'fleet', -1, 1, 1)`],
    ['a clock behind the year 9999', `${CLOCK} ('demo', 'fleet', 253402300800000, 1, 1)`],
    ['a clock of nobody', `${CLOCK} ('demo', 'weather', 1, 1, 1)`],
  ])('refuse %s, which no reader of the change could read', async (_name, sql) => {
    await expect(inventory.database.query(sql)).rejects.toThrow('violates check constraint');
  });
});

describe('a cart event', () => {
  test('for a cart that no text column takes is refused by name', async () => {
    const event = { idempotency_key: randomUUID(), kind: 'added', channel_id: 'web', sku: 'A-17', quantity: 1 };
    expect(await inventory.client.post('/v1/carts/events', { ...event, cart_id: 'a\u0000b' })).toMatchObject({
      status: 400,
      body: { error: { code: 'NL-API-001', field: 'cart_id' } },
    });
  });

  test('is taken once for a key, and refused for another body', async () => {
    const event = {
      idempotency_key: randomUUID(),
      kind: 'added',
      cart_id: 'c-1',
      channel_id: 'web',
      sku: 'A-17',
      quantity: 1,
    };
    for (let i = 0; i < 2; i += 1) {
      expect(await inventory.client.post('/v1/carts/events', event)).toEqual({
        status: 200,
        body: { cart_id: 'c-1', kind: 'added' },
      });
    }
    expect(await inventory.client.post('/v1/carts/events', { ...event, quantity: 2 })).toMatchObject({
      status: 409,
      body: { error: { code: 'NL-API-007' } },
    });
  });
});
