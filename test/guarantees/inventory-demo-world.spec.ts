import { simulatorSettings } from '../../apps/simulator/src/simulator.config';
import { ShoppersActor } from '../../apps/simulator/src/actors/shoppers.actor';
import { DemoShop, type StockEvent } from './inventory-demo-shop';

/*
 * The demo's shop, as `npm start` runs it, for hours that take seconds: the simulator's own actor against the service's
 * own rule, queue and expiry, on a virtual clock. No wall clock, no server; the same seed gives the same shop.
 */

const MINUTE_MS = 60_000;
/** A delivery takes 2.5 min at most, and is ordered within seconds. */
const BACK_WITHIN_MS = 3 * MINUTE_MS;

const BEGIN_MS = 1_700_000_000_000;

const orders_per_s = simulatorSettings.shape.ORDERS_PER_S.parse(undefined);

interface Minute {
  readonly events: readonly StockEvent[];
  /** SKUs sold out at its end. */
  readonly sold_out: number;
  readonly free_units: number;
}

/** Minute by minute, what happens in the shop of a seed. */
async function watchShop(seed: number, minutes: number): Promise<readonly Minute[]> {
  const shop = new DemoShop();
  const stopping = new AbortController();
  const wait = (for_ms: number) => new Promise((resolve) => setTimeout(resolve, for_ms));
  const channelsAddress = async () => 'http://channels';
  const actor = new ShoppersActor({ seed, run: 'r', orders_per_s, channelsAddress, wait }, shop, shop);
  await actor.prepare();
  shop.events.length = 0;
  shop.start();
  const running = actor.run(stopping.signal);
  const seen: Minute[] = [];
  for (let minute = 0; minute < minutes; minute += 1) {
    await jest.advanceTimersByTimeAsync(MINUTE_MS);
    seen.push({ events: shop.events.splice(0), sold_out: shop.sold_out, free_units: shop.free_units });
  }
  stopping.abort();
  await jest.advanceTimersByTimeAsync(5 * MINUTE_MS);
  await running;
  await shop.stop();
  return seen;
}

const eventsOf = (minutes: readonly Minute[], kind: StockEvent['kind']) =>
  minutes.flatMap(({ events }) => events.filter((event) => event.kind === kind));

/** Of the moments that ended early enough, those after which the SKU wasn't back in time. */
function neverBack(minutes: readonly Minute[], until_ms: number): StockEvent[] {
  const back = eventsOf(minutes, 'back');
  return eventsOf(minutes, 'sold_out').filter(
    ({ sku, at_ms }) =>
      at_ms < until_ms - BACK_WITHIN_MS &&
      !back.some((came) => came.sku === sku && came.at_ms >= at_ms && came.at_ms <= at_ms + BACK_WITHIN_MS),
  );
}

// The first is the seed of `npm start`.
describe.each([
  [simulatorSettings.shape.SEED.parse(undefined), process.env['NERVELINE_LONG'] === '1' ? 600 : 90],
  [2, 30],
  [3, 30],
])('the demo shop of seed %d, for %d minutes', (seed, length) => {
  let minutes: readonly Minute[];
  beforeAll(async () => {
    jest.useFakeTimers({ now: BEGIN_MS });
    minutes = await watchShop(seed, length);
    jest.useRealTimers();
  }, 180_000);

  test('within two minutes several SKUs sell out, and holds are given back and expire', () => {
    const begin = minutes.slice(0, 2);
    expect(new Set(eventsOf(begin, 'sold_out').map(({ sku }) => sku)).size).toBeGreaterThanOrEqual(5);
    expect(eventsOf(begin, 'release')).not.toEqual([]);
    expect(eventsOf(begin, 'expire')).not.toEqual([]);
  });

  test('what has sold out is back within minutes', () => {
    expect(neverBack(minutes, BEGIN_MS + length * MINUTE_MS)).toEqual([]);
  });

  test('it goes on like this: in any ten minutes things sell out, come back, are given back, expire and are refused', () => {
    for (let at = 0; at < length; at += 10) {
      const part = minutes.slice(at, at + 10);
      const count = (kind: StockEvent['kind']) => eventsOf(part, kind).length;
      for (const kind of ['sold_out', 'back', 'release', 'expire'] as const) {
        expect({ at, kind, often: count(kind) > 15 }).toEqual({ at, kind, often: true });
      }
      const refused_share = count('refused') / (count('refused') + count('granted'));
      expect(refused_share).toBeGreaterThan(0.02);
      expect(refused_share).toBeLessThan(0.4);
    }
  });

  test('at any time a few of 500 SKUs are sold out: seldom none, never many; and the shelves neither fill nor empty', () => {
    const sold_out = minutes.map((minute) => minute.sold_out);
    expect(Math.max(...sold_out)).toBeLessThan(25);
    expect(sold_out.filter((skus) => skus === 0).length).toBeLessThan(length / 5);
    const [first, last] = [minutes[0], minutes.at(-1)];
    const grown = (last?.free_units ?? 0) / (first?.free_units ?? 1);
    expect(grown).toBeGreaterThan(0.3);
    expect(grown).toBeLessThan(1.5);
  });
});
