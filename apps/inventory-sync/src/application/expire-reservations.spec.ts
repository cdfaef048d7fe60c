import type { ReservationId } from '@nerveline/contracts';
import { EventClock, NervelineError } from '@nerveline/kernel';
import { defaultPolicy } from '../domain/policy';
import type { DecidedCommand } from './decide-batch';
import { StockClocks } from './stock-clocks';
import { ExpireReservations, type Deadlines } from './expire-reservations';
import type { SettleRequest, SettleReservation } from './settle-reservation';

beforeEach(() => jest.useFakeTimers({ now: 1_700_000_000_000 }));
afterEach(() => jest.useRealTimers());

/** Holds in memory, which `settle` frees. */
class TestHolds implements Deadlines {
  readonly held = new Map<string, number>();
  readonly freed: { id: string; at_ms: number }[] = [];
  asked = 0;
  looked = 0;
  /** The database is away: whoever asks fails. */
  is_away = false;

  async earliest() {
    this.#ask();
    this.looked += 1;
    const expires_at_ms = Math.min(...this.held.values());
    return this.held.size === 0 ? [] : [{ tenant_id: 'demo', expires_at_ms }];
  }

  async next(_tenant_id: string, limit: number) {
    this.#ask();
    this.asked += 1;
    return [...this.held]
      .toSorted(([, a], [, b]) => a - b)
      .slice(0, limit)
      .map(([id, expires_at_ms]) => ({ reservation_id: id as ReservationId, expires_at_ms }));
  }

  #ask(): void {
    if (this.is_away) throw new NervelineError('NL-INV-014', { detail: 'away' });
  }

  async settle({ reservation_id }: SettleRequest) {
    this.held.delete(reservation_id);
    this.freed.push({ id: reservation_id, at_ms: Date.now() });
    return { reservation_id, status: 'expired' as const };
  }
}

function open() {
  const holds = new TestHolds();
  const wall = { now_ms: () => Date.now() };
  const clocks = new StockClocks(wall, defaultPolicy);
  const failed_at_ms: number[] = [];
  const settle = { settle: (request: SettleRequest) => holds.settle(request) } as unknown as SettleReservation;
  const expiry = new ExpireReservations({
    deadlines: holds,
    settle,
    clocks,
    wall,
    onError: () => void failed_at_ms.push(Date.now()),
  });
  const grant = (id: string, expires_at_ms: number) => {
    holds.held.set(id, expires_at_ms);
    const outcome = { kind: 'reservation', answer: { kind: 'granted', reservation_id: id, expires_at_ms } };
    expiry.note([{ command: { by: { tenant_id: 'demo' } }, outcome, is_new: true } as unknown as DecidedCommand]);
  };
  return { holds, clocks, expiry, grant, failed_at_ms };
}

test('nothing is asked while nothing is due, and what is due is freed at its time', async () => {
  const { holds, expiry, grant } = open();
  expiry.start();
  const begun_ms = Date.now();
  grant('late', begun_ms + 20_000);
  grant('soon', begun_ms + 5_000);
  await jest.advanceTimersByTimeAsync(4_999);
  expect(holds.asked).toBe(0);
  await jest.advanceTimersByTimeAsync(16_000);
  expect(holds.freed).toEqual([
    { id: 'soon', at_ms: begun_ms + 5_000 },
    { id: 'late', at_ms: begun_ms + 20_000 },
  ]);
  expect(holds.asked).toBe(2);
  await expiry.stop();
});

test('what was held before the start is freed too', async () => {
  const { holds, expiry } = open();
  holds.held.set('old', Date.now() - 1_000);
  expiry.start();
  await jest.advanceTimersByTimeAsync(10);
  expect(holds.freed).toHaveLength(1);
  await expiry.stop();
});

test('hundreds that are due at once are all freed', async () => {
  const { holds, expiry } = open();
  for (let i = 0; i < 450; i += 1) holds.held.set(`hold-${i}`, Date.now() + 100);
  expiry.start();
  await jest.advanceTimersByTimeAsync(200);
  expect(holds.freed).toHaveLength(450);
  await expiry.stop();
});

test('a clock that is declared with a speed brings the deadline nearer', async () => {
  const { holds, clocks, expiry, grant } = open();
  expiry.start();
  const begun_ms = Date.now();
  grant('hold', begun_ms + 60_000);
  const clock = clocks.of('demo');
  expect(clock).toBeInstanceOf(EventClock);
  const row = { tenant_id: 'demo', source: 'stock', event_ms: begun_ms, wall_ms: begun_ms, speed: 100 };
  const source = { schema: 'platform', table: 'event_clock', ts_ms: 0, snapshot: 'false', position: '' };
  const change = { op: 'c', before: null, after: row, source, ts_ms: 0, transaction: null };
  clocks.apply({ key: Buffer.from('demo/stock'), value: Buffer.from(JSON.stringify(change)) });
  await jest.advanceTimersByTimeAsync(599);
  expect(holds.freed).toEqual([]);
  await jest.advanceTimersByTimeAsync(2);
  expect(holds.freed).toHaveLength(1);
  await expiry.stop();
});

test('a database that is away for a moment at the deadline costs the hold less than 250 ms', async () => {
  const { holds, expiry, grant, failed_at_ms } = open();
  expiry.start();
  await jest.advanceTimersByTimeAsync(10);
  const due_ms = Date.now() + 5_000;
  grant('hold', due_ms);
  await jest.advanceTimersByTimeAsync(4_990);
  holds.is_away = true;
  await jest.advanceTimersByTimeAsync(60);
  expect(failed_at_ms).not.toEqual([]);
  holds.is_away = false;
  await jest.advanceTimersByTimeAsync(200);
  expect(holds.freed).toHaveLength(1);
  expect((holds.freed[0]?.at_ms ?? Infinity) - due_ms).toBeLessThan(250);
  await expiry.stop();
});

test('a database that stays away is asked once a second, and a stop ends the pause at once', async () => {
  const { holds, expiry, grant, failed_at_ms } = open();
  expiry.start();
  grant('hold', Date.now() + 1_000);
  holds.is_away = true;
  await jest.advanceTimersByTimeAsync(61_000);
  expect(failed_at_ms.length).toBeGreaterThan(50);
  expect(failed_at_ms.length).toBeLessThan(70);
  // A new deadline is no reason to ask sooner.
  const failures = failed_at_ms.length;
  grant('other', Date.now());
  await jest.advanceTimersByTimeAsync(10);
  expect(failed_at_ms.length).toBeLessThanOrEqual(failures + 1);

  await expiry.stop();
  holds.is_away = false;
  await jest.advanceTimersByTimeAsync(60_000);
  expect(holds.freed).toEqual([]);
  expect(jest.getTimerCount()).toBe(0);
});

test('a hold that nobody told of is found in half a minute, also while others keep it busy', async () => {
  const { holds, expiry, grant } = open();
  expiry.start();
  await jest.advanceTimersByTimeAsync(10);
  // Another tenant's: the look at one tenant's holds never sees it.
  const earliest = jest.spyOn(holds, 'earliest');
  for (let i = 0; i < 40; i += 1) {
    grant(`hold-${i}`, Date.now() + 900);
    await jest.advanceTimersByTimeAsync(1_000);
  }
  expect(holds.freed).toHaveLength(40);
  expect(earliest).toHaveBeenCalledTimes(1);
  await expiry.stop();
});

test('an idle hour costs one short question each half minute', async () => {
  const { holds, expiry } = open();
  expiry.start();
  await jest.advanceTimersByTimeAsync(3_600_000);
  expect(holds.looked).toBeLessThanOrEqual(121);
  expect(holds.asked).toBe(0);
  await expiry.stop();
});
