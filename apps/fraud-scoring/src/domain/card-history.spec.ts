import fc from 'fast-check';
import { fullestWindow, withoutOlder, withPayment, type CardHistory, type CountedPayment } from './card-history';

const WINDOW_MS = 60;

/** Few distinct times and ids, so that ties and window edges come up all the time. */
const anyPayment: fc.Arbitrary<CountedPayment> = fc.record({
  event_ms: fc.integer({ min: 0, max: 300 }),
  payment_id: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
  amount_base_minor: fc.integer({ min: 0, max: 1_000 }),
  location: fc.constant(null),
});
const anyPayments = fc.array(anyPayment, { maxLength: 40 });

const inTime = (a: CountedPayment, b: CountedPayment): number =>
  a.event_ms - b.event_ms || (a.payment_id < b.payment_id ? -1 : a.payment_id > b.payment_id ? 1 : 0);

const sumOf = (payments: readonly CountedPayment[]) =>
  payments.reduce((sum, { amount_base_minor }) => sum + amount_base_minor, 0);

const collect = (payments: readonly CountedPayment[]) =>
  payments.reduce<CardHistory>((history, payment) => withPayment(history, payment), []);

/** The window `(t - w, t]` that ends with the payment at `end`, looked up the slow way in a list in order. */
function windowEndingAt(payments: readonly CountedPayment[], end: number): readonly CountedPayment[] {
  const last = payments[end];
  if (last === undefined) return [];
  return payments.slice(0, end + 1).filter(({ event_ms }) => event_ms > last.event_ms - WINDOW_MS);
}

test('payments lie in the order of time and id, whatever order they came in', () => {
  fc.assert(
    fc.property(anyPayments, (payments) => {
      expect(collect(payments)).toEqual(payments.toSorted(inTime));
    }),
  );
});

test('a payment that comes in order sees exactly its half-open window', () => {
  fc.assert(
    fc.property(anyPayments, (payments) => {
      const ordered = payments.toSorted(inTime);
      ordered.forEach((payment, index) => {
        const window = windowEndingAt(ordered, index);
        expect(fullestWindow(ordered.slice(0, index), payment, WINDOW_MS)).toEqual({
          count: window.length,
          sum_base_minor: sumOf(window),
        });
      });
    }),
    { numRuns: 300 },
  );
});

test('a late payment sees the fullest of all windows that it would lie in', () => {
  fc.assert(
    fc.property(anyPayments, anyPayment, (earlier, payment) => {
      const history = collect(earlier);
      const together = withPayment(history, payment);
      const windows = together
        .map((_, end) => windowEndingAt(together, end))
        .filter((window) => window.includes(payment));
      expect(fullestWindow(history, payment, WINDOW_MS)).toEqual({
        count: Math.max(...windows.map((window) => window.length)),
        sum_base_minor: Math.max(...windows.map(sumOf)),
      });
    }),
    { numRuns: 1_000 },
  );
});

test('with a limit no window ever holds more payments than it, whatever order they come in', () => {
  fc.assert(
    fc.property(anyPayments, fc.integer({ min: 1, max: 4 }), (payments, limit) => {
      let history: CardHistory = [];
      for (const payment of payments) {
        if (fullestWindow(history, payment, WINDOW_MS).count <= limit) history = withPayment(history, payment);
      }
      history.forEach((_, end) => expect(windowEndingAt(history, end).length).toBeLessThanOrEqual(limit));
    }),
    { numRuns: 500 },
  );
});

test('that limit would be passed if a payment looked at the window alone that ends with it', () => {
  const at = (payment_id: string, event_ms: number) => ({ payment_id, event_ms, amount_base_minor: 1, location: null });
  const [late, first] = [at('a', 100), at('b', 100)];
  const history = withPayment([], first);
  // By (time, id) the late one comes first, so its own window holds itself only.
  expect(windowEndingAt(withPayment(history, late), 0)).toEqual([late]);
  expect(fullestWindow(history, late, WINDOW_MS).count).toBe(2);
});

test('what is older than the memory is forgotten, the edge included', () => {
  fc.assert(
    fc.property(anyPayments, fc.integer({ min: -1, max: 301 }), (payments, until_ms) => {
      const history = collect(payments);
      expect(withoutOlder(history, until_ms)).toEqual(history.filter(({ event_ms }) => event_ms > until_ms));
    }),
  );
});
