import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { stopOwnPostgres } from '@nerveline/testing';
import { brokenPromises, openInventory, reservationOf } from './inventory-harness';

afterAll(stopOwnPostgres);

const sku = fc.constantFrom('A', 'B', 'C');
const location_id = fc.constantFrom('B1', 'B2');
const line = fc.record({ sku, location_id, quantity: fc.integer({ min: 1, max: 6 }) });

const act = fc.oneof(
  fc.record({ kind: fc.constant('reserve' as const), lines: fc.array(line, { minLength: 1, maxLength: 4 }) }),
  fc.record({ kind: fc.constantFrom('commit' as const, 'release' as const), of: fc.nat() }),
  fc.record({
    kind: fc.constantFrom('receipt' as const, 'return' as const, 'adjustment' as const),
    sku,
    location_id,
    quantity: fc.integer({ min: -8, max: 12 }).filter((quantity) => quantity !== 0),
  }),
  fc.record({ kind: fc.constant('overdue' as const), lines: fc.array(line, { minLength: 1, maxLength: 2 }) }),
);
type Act = typeof act extends fc.Arbitrary<infer T> ? T : never;

/** Acts in one wave run at the same time. */
const schedule = fc.array(fc.array(act, { minLength: 1, maxLength: 12 }), { minLength: 2, maxLength: 5 });

test('whatever happens at the same time, the ledger explains every level and nothing is oversold', async () => {
  await using inventory = await openInventory({
    skus: ['A', 'B', 'C'],
    environment: { STOCK_LANES: '3', DATABASE_CONNECTIONS: '5', MAX_BATCH_COMMANDS: '3' },
  });
  const { client, database } = inventory;
  const granted: string[] = [];

  const reserve = async (lines: object[], ttl_ms: number) => {
    const { body } = await client.post('/v1/reservations', reservationOf(lines, { ttl_ms }));
    if (body['kind'] === 'granted') granted.push(String(body['reservation_id']));
  };
  const perform = async (what: Act): Promise<void> => {
    switch (what.kind) {
      case 'reserve':
        return reserve(what.lines, 60_000);
      case 'overdue':
        return reserve(what.lines, 1_000);
      case 'commit':
      case 'release': {
        const reservation_id = granted[what.of % Math.max(1, granted.length)];
        if (reservation_id !== undefined) await client.post(`/v1/reservations/${reservation_id}/${what.kind}`);
        return;
      }
      default: {
        const idempotency_key = randomUUID();
        await client.post('/v1/stock/movements', { ...what, idempotency_key, reason: 'schedule' });
      }
    }
  };

  await fc.assert(
    fc.asyncProperty(schedule, async (waves) => {
      for (const wave of waves) await Promise.all(wave.map(perform));
      expect(await brokenPromises(database)).toEqual([]);
    }),
    { numRuns: 25, endOnFailure: true },
  );
}, 120_000);
