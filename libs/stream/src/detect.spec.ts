import fc from 'fast-check';
import { z } from 'zod';
import { Topology, TopologyDriver, type TopicOf } from './index';

const payments = { name: 'payments', schema: z.object({ card: z.string(), amount: z.number() }) };
const carts = { name: 'carts', schema: z.object({ cart: z.string(), kind: z.enum(['added', 'bought', 'left']) }) };
const found: TopicOf<unknown> = { name: 'found', schema: z.unknown() };
type Payment = z.infer<typeof payments.schema>;

/** Card testing: three small payments, then a large one, within a minute. */
function cardTesting(out_of_orderness_ms = 0): Topology {
  const topology = new Topology();
  const tested = topology
    .stream(payments, { out_of_orderness_ms })
    .keyBy(({ card }) => card)
    .detect({
      within_ms: 60_000,
      steps: [
        { name: 'small', where: ({ amount }: Payment) => amount < 200, times: 3 },
        { name: 'large', where: ({ amount }: Payment) => amount > 50_000 },
      ],
    });
  tested.map(({ records, start_ms, end_ms }) => [records.large?.[0]?.amount, start_ms, end_ms]).to(found);
  tested.late.map(({ amount }) => ['late', amount]).to(found);
  return topology;
}

/** A cart that was filled and neither bought nor emptied within 30 minutes. */
function abandonedCarts(): Topology {
  const topology = new Topology();
  topology
    .stream(carts)
    .keyBy(({ cart }) => cart)
    .detect({
      within_ms: 30 * 60_000,
      steps: [
        { name: 'added', where: ({ kind }) => kind === 'added' },
        { name: 'gone', where: ({ kind }) => kind !== 'added', not: true },
      ],
    })
    .map(({ start_ms, end_ms }, { key }) => [key, start_ms, end_ms])
    .to(found);
  return topology;
}

const values = (driver: TopologyDriver) => driver.read(found).map(({ value }) => value);
const pay = (timestamp_ms: number, amount: number, card = 'c') => ({ value: { card, amount }, timestamp_ms });

test('many small payments and then a large one are found, also when they come out of order', () => {
  const driver = new TopologyDriver(cardTesting(10_000));
  driver.pipe(payments, pay(1_000, 100), pay(5_000, 90_000), pay(2_000, 100), pay(3_000, 300), pay(4_000, 100));
  driver.advanceWatermark(6_000);
  expect(values(driver)).toEqual([[90_000, 1_000, 5_000]]);
});

test.each([
  ['a small one is missing', [pay(1_000, 100), pay(2_000, 100), pay(3_000, 90_000)]],
  ['the large one comes first', [pay(0, 90_000), pay(1_000, 100), pay(2_000, 100), pay(3_000, 100)]],
  ['it takes too long', [pay(1_000, 100), pay(2_000, 100), pay(3_000, 100), pay(61_001, 90_000)]],
  ['they are of two cards', [pay(1_000, 100), pay(2_000, 100), pay(3_000, 100, 'd'), pay(4_000, 90_000)]],
])('nothing is found when %s', (_why, records) => {
  const driver = new TopologyDriver(cardTesting());
  driver.pipe(payments, ...records);
  driver.advanceWatermark(1_000_000);
  expect(values(driver)).toEqual([]);
});

test('a record that comes behind the watermark is late, not a part of anything', () => {
  const driver = new TopologyDriver(cardTesting());
  driver.pipe(payments, pay(5_000, 100), pay(4_999, 100), pay(6_000, 100), pay(7_000, 90_000));
  driver.advanceWatermark(1_000_000);
  expect(values(driver)).toEqual([['late', 100]]);
});

test('what did not happen is found when the time is up, and not when it did', () => {
  const driver = new TopologyDriver(abandonedCarts());
  const minute = 60_000;
  driver.pipe(
    carts,
    { value: { cart: 'x', kind: 'added' }, timestamp_ms: 0 },
    { value: { cart: 'y', kind: 'added' }, timestamp_ms: minute },
    { value: { cart: 'y', kind: 'bought' }, timestamp_ms: 30 * minute },
  );
  expect(values(driver)).toEqual([]);
  driver.crash();
  driver.advanceWatermark(30 * minute + 1);
  expect(values(driver)).toEqual([['x', 0, 30 * minute]]);
  driver.advanceWatermark(90 * minute);
  expect(values(driver)).toEqual([]);
  expect(driver.store('detect/state').size).toBe(0);
});

test('a pattern is found the same in any order that the watermark waits for, in any batches', () => {
  const amounts = fc.array(fc.constantFrom(100, 300, 90_000), { maxLength: 20 });
  fc.assert(
    fc.property(amounts, fc.infiniteStream(fc.nat()), fc.integer({ min: 1, max: 7 }), (sizes, keys, batch) => {
      const records = sizes.map((amount, at) => ({
        record: pay(at * 100, amount),
        order: at * 100 + (keys.next().value % 900),
      }));
      const shuffled = records.toSorted((a, b) => a.order - b.order).map(({ record }) => record);
      const run = (ordered: readonly ReturnType<typeof pay>[], size: number) => {
        const driver = new TopologyDriver(cardTesting(1_000));
        for (let at = 0; at < ordered.length; at += size) driver.pipe(payments, ...ordered.slice(at, at + size));
        driver.advanceWatermark(1_000_000);
        return values(driver);
      };
      expect(run(shuffled, batch)).toEqual(
        run(
          records.map(({ record }) => record),
          1_000,
        ),
      );
    }),
  );
});

test.each([
  ['begins with what must not happen', [{ name: 'a', where: (): boolean => true, not: true }]],
  ['has nothing in it', []],
  ['wants something zero times', [{ name: 'a', where: (): boolean => true, times: 0 }]],
])('a pattern that %s is refused', (_what, steps) => {
  const stream = new Topology().stream(payments);
  expect(() => stream.detect({ within_ms: 1, steps })).toThrow(expect.objectContaining({ code: 'NL-STR-002' }));
});
