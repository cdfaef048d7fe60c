import fc from 'fast-check';
import type { LocationId } from '@nerveline/contracts';
import { hasSoldOut, sellable, unseen, withFact, type LedgerFact } from './sku-view';

/** A ledger of one SKU over two locations, entries from 1. */
const ledger = fc
  .array(fc.record({ at: fc.constantFrom('B1', 'B2'), on_hand: fc.nat(50), free: fc.nat(50) }), {
    minLength: 1,
    maxLength: 30,
  })
  .map((rows) =>
    rows.map(({ at, on_hand, free }, i): LedgerFact => ({
      entry: i + 1,
      location_id: at as LocationId,
      on_hand_after: on_hand,
      reserved_after: Math.max(0, on_hand - free),
      event_ms: i,
    })),
  );

const viewOf = (facts: readonly LedgerFact[]) => facts.reduce(withFact, unseen(0));

test('the same entries give the same view in whatever order, and however often, they arrive', () => {
  fc.assert(
    fc.property(
      ledger.chain((facts) =>
        fc.record({
          facts: fc.constant(facts),
          arriving: fc
            .tuple(fc.constant(facts), fc.subarray(facts))
            .chain(([all, again]) => fc.shuffledSubarray([...all, ...again], { minLength: all.length + again.length })),
        }),
      ),
      ({ facts, arriving }) => {
        expect(viewOf(arriving)).toEqual(viewOf(facts));
      },
    ),
  );
});

test('a channel may sell what is free at all locations together', () => {
  const at = (location_id: string, entry: number, on_hand_after: number, reserved_after: number) =>
    ({ location_id, entry, on_hand_after, reserved_after, event_ms: entry }) as LedgerFact;
  const view = viewOf([at('B1', 1, 5, 0), at('B2', 2, 4, 0), at('B1', 3, 5, 5)]);
  expect(view.entry).toBe(3);
  expect(sellable(view)).toBe(4);
});

test.each([
  ['the last unit', 1, 0, true],
  ['all of it', 7, 0, true],
  ['one of two', 2, 1, false],
  ['nothing, and nothing was there', 0, 0, false],
  ['what came in', 0, 3, false],
])('is it a sold-out moment: %s', (_name, before, available, expected) => {
  expect(hasSoldOut(before, available)).toBe(expected);
});
