import type { LocationId, ReservationLine, Sku } from '@nerveline/contracts';
import { reserve, sumLines, type ReserveRequested } from './reserve';
import type { Stock } from './stock';

const line = (sku: string, location_id: string, quantity: number) =>
  ({ sku, location_id, quantity }) as ReservationLine;

const stockOf = (levels: Record<string, [location_id: string, on_hand: number, reserved: number][]>): Stock =>
  new Map(
    Object.entries(levels).map(([sku, rows]) => [
      sku as Sku,
      {
        last_entry: rows.length,
        levels: new Map(rows.map(([at, on_hand, reserved]) => [at as LocationId, { on_hand, reserved }])),
      },
    ]),
  );

const LOCATIONS = new Set(['B1', 'B2'] as LocationId[]);

const requestOf = (lines: ReservationLine[], more: Partial<ReserveRequested> = {}): ReserveRequested => ({
  ...({ reservation_id: 'r-1', channel_id: 'web' } as Pick<ReserveRequested, 'reservation_id' | 'channel_id'>),
  holder: 'cart-1',
  lines,
  ttl_ms: 1_000,
  event_ms: 5_000,
  clock_ms: 5_000,
  ...more,
});

test('every line that fails is named with what is there, and nothing is posted', () => {
  const stock = stockOf({ A: [['B1', 5, 4]], C: [['B1', 9, 0]] });
  const lines = [line('A', 'B1', 2), line('C', 'B1', 1), line('A', 'B2', 1), line('A', 'B9', 1), line('X', 'B1', 1)];
  const { answer, postings, reservation } = reserve({ stock, locations: LOCATIONS }, requestOf(lines));
  expect(answer).toEqual({
    kind: 'refused',
    lines: [
      { sku: 'A', location_id: 'B1', reason: 'insufficient_stock', available: 1 },
      { sku: 'A', location_id: 'B2', reason: 'insufficient_stock', available: 0 },
      { sku: 'A', location_id: 'B9', reason: 'unknown_location', available: 0 },
      { sku: 'X', location_id: 'B1', reason: 'unknown_sku', available: 0 },
    ],
  });
  expect(postings).toEqual([]);
  expect(reservation).toBeUndefined();
});

test('lines of one SKU and location are one demand, and come in the order of the SKUs', () => {
  expect(sumLines([line('B', 'B1', 1), line('A', 'B2', 2), line('B', 'B1', 3), line('A', 'B1', 1)])).toEqual([
    line('A', 'B1', 1),
    line('A', 'B2', 2),
    line('B', 'B1', 4),
  ]);
});

test('a grant holds the units until its deadline, counted from the event clock when the event is late', () => {
  const stock = stockOf({ A: [['B1', 5, 0]] });
  const late = reserve({ stock, locations: LOCATIONS }, requestOf([line('A', 'B1', 5)], { clock_ms: 90_000 }));
  expect(late.answer).toMatchObject({ kind: 'granted', expires_at_ms: 91_000 });
  expect(late.reservation).toMatchObject({ status: 'held', created_at_ms: 5_000 });
  expect(late.postings).toMatchObject([{ kind: 'reserve', on_hand_delta: 0, reserved_delta: 5, event_ms: 5_000 }]);
});
