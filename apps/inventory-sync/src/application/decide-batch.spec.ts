import fc from 'fast-check';
import type { ChannelId, LocationId, ReservationId, Sku } from '@nerveline/contracts';
import type { Principal } from '@nerveline/kernel';
import type { StockCommand } from '../domain/command';
import { defaultPolicy } from '../domain/policy';
import { availableOf, type LedgerEntry } from '../domain/stock';
import { decideBatch, emptyBook, type Books } from './decide-batch';

const by: Principal = { tenant_id: 'demo', subject: 'tester', roles: [], scopes: [] };
const SKUS = ['A', 'B'] as Sku[];
const WEB = 'web' as ChannelId;

function newBooks(): Books {
  const book = emptyBook();
  for (const sku of SKUS) book.stock.set(sku, { last_entry: 0, levels: new Map() });
  book.channels.add(WEB);
  for (const location_id of ['B1', 'B2'] as LocationId[]) book.locations.add(location_id);
  return new Map([['demo', book]]);
}

const sku = fc.constantFrom(...SKUS);
const location_id = fc.constantFrom(...(['B1', 'B2'] as LocationId[]));
const line = fc.record({ sku, location_id, quantity: fc.integer({ min: 1, max: 5 }) });

/** A command, made unique by its place in the schedule. */
const act = fc.oneof(
  { weight: 3, arbitrary: fc.array(line, { minLength: 1, maxLength: 4 }).map((lines) => reserveAct(lines)) },
  {
    weight: 3,
    arbitrary: fc
      .record({ of: fc.nat(40), settlement: fc.constantFrom('commit' as const, 'release' as const, 'expire' as const) })
      .map(({ of, settlement }) => settleAct(of, settlement)),
  },
  {
    weight: 2,
    arbitrary: fc
      .record({
        kind: fc.constantFrom('receipt' as const, 'return' as const, 'adjustment' as const),
        sku,
        location_id,
        quantity: fc.integer({ min: -6, max: 10 }).filter((units) => units !== 0),
      })
      .map((movement) => moveAct(movement)),
  },
);

type MakeCommand = (at: number) => StockCommand;

const identity = (at: number) =>
  ({ idempotency_key: `k-${at}`, request_hash: `h-${at}` }) as Extract<StockCommand, { kind: 'move' }>['identity'];

const reserveAct =
  (lines: readonly { sku: Sku; location_id: LocationId; quantity: number }[]): MakeCommand =>
  (at) => ({
    kind: 'reserve',
    by,
    identity: identity(at),
    event: {
      reservation_id: `r-${at}` as ReservationId,
      channel_id: WEB,
      holder: 'x',
      lines,
      ttl_ms: 8,
      event_ms: at,
      clock_ms: at,
    },
  });

const settleAct =
  (of: number, settlement: 'commit' | 'release' | 'expire'): MakeCommand =>
  (at) => ({ kind: 'settle', by, reservation_id: `r-${of}` as ReservationId, settlement, event_ms: at, clock_ms: at });

const moveAct =
  (movement: {
    kind: 'receipt' | 'return' | 'adjustment';
    sku: Sku;
    location_id: LocationId;
    quantity: number;
  }): MakeCommand =>
  (at) => ({
    kind: 'move',
    by,
    identity: identity(at),
    event: { ...movement, reason: 'test', channel_id: null, event_ms: at },
  });

/** Random acts, cut into random batches. */
const schedule = fc.array(fc.array(act, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 15 });

function play(batches: readonly (readonly MakeCommand[])[]): { books: Books; entries: LedgerEntry[] } {
  const books = newBooks();
  const entries: LedgerEntry[] = [];
  let at = 0;
  for (const batch of batches) {
    const commands = batch.map((make) => make(at++));
    entries.push(...decideBatch(books, commands, defaultPolicy).writes.entries.map(({ value }) => value));
  }
  return { books, entries };
}

test('in any schedule the ledger has no gap, explains every level, and nothing is oversold', () => {
  fc.assert(
    fc.property(schedule, (batches) => {
      const { books, entries } = play(batches);
      const book = books.get('demo') ?? emptyBook();
      for (const [sku, stock] of book.stock) {
        const own = entries.filter((entry) => entry.sku === sku);
        expect(own.map(({ entry }) => entry)).toEqual(own.map((_, i) => i + 1));
        expect(stock.last_entry).toBe(own.length);
        for (const [location, level] of stock.levels) {
          const here = own.filter(({ location_id: there }) => there === location);
          expect(level.on_hand).toBe(here.reduce((sum, { on_hand_delta }) => sum + on_hand_delta, 0));
          expect(level.reserved).toBe(here.reduce((sum, { reserved_delta }) => sum + reserved_delta, 0));
          const held = [...book.reservations.values()].filter(({ status }) => status === 'held');
          const holds = held.flatMap(({ lines }) => lines.filter((l) => l.sku === sku && l.location_id === location));
          expect(level.reserved).toBe(holds.reduce((sum, { quantity }) => sum + quantity, 0));
        }
      }
      for (const { on_hand_after, reserved_after } of entries) {
        expect(availableOf({ on_hand: on_hand_after, reserved: reserved_after })).toBeGreaterThanOrEqual(0);
      }
    }),
    { numRuns: 300 },
  );
});

test('how commands are cut into batches makes no difference', () => {
  fc.assert(
    fc.property(schedule, (batches) => {
      expect(play(batches).entries).toEqual(play(batches.flat().map((make) => [make])).entries);
    }),
  );
});

test('a command that comes again in the same batch gets the same answer, and acts once', () => {
  const receive = moveAct({ kind: 'receipt', sku: 'A' as Sku, location_id: 'B1' as LocationId, quantity: 5 })(0);
  const { decided, writes } = decideBatch(newBooks(), [receive, receive], defaultPolicy);
  expect(decided[1]?.outcome).toEqual(decided[0]?.outcome);
  expect(decided.map(({ is_new }) => is_new)).toEqual([true, false]);
  expect(writes.entries).toHaveLength(1);
});
