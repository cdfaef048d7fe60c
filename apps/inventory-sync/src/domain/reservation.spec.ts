import type { ReservationLine } from '@nerveline/contracts';
import { endHold, transition, type Reservation, type Settlement, type Status } from './reservation';

type Line = Pick<ReservationLine, 'quantity'> & { sku: string; location_id: string };

/** Ids are brands; a test may make them from any text. */
const reservationWith = (more: { status?: Status; lines?: readonly Line[] }): Reservation =>
  ({
    reservation_id: 'r-1',
    channel_id: 'web',
    holder: 'cart-1',
    lines: [],
    status: 'held',
    created_at_ms: 0,
    expires_at_ms: 1_000,
    ...more,
  }) as unknown as Reservation;

const BEFORE = 999;
const DUE = 1_000;

describe('the state machine of a reservation', () => {
  test.each<[Status, Settlement, number, ReturnType<typeof transition>]>([
    ['held', 'commit', BEFORE, { kind: 'moves_to', status: 'committed' }],
    ['held', 'release', BEFORE, { kind: 'moves_to', status: 'released' }],
    ['held', 'expire', BEFORE, { kind: 'stays' }],
    ['held', 'commit', DUE, { kind: 'refused', reason: 'already_expired', ends_hold: true }],
    ['held', 'release', DUE, { kind: 'moves_to', status: 'released' }],
    ['held', 'expire', DUE, { kind: 'moves_to', status: 'expired' }],
    ['committed', 'commit', DUE, { kind: 'stays' }],
    ['committed', 'release', DUE, { kind: 'refused', reason: 'already_committed', ends_hold: false }],
    ['committed', 'expire', DUE, { kind: 'stays' }],
    ['released', 'commit', BEFORE, { kind: 'refused', reason: 'already_released', ends_hold: false }],
    ['released', 'release', DUE, { kind: 'stays' }],
    ['released', 'expire', DUE, { kind: 'stays' }],
    ['expired', 'commit', BEFORE, { kind: 'refused', reason: 'already_expired', ends_hold: false }],
    ['expired', 'release', DUE, { kind: 'stays' }],
    ['expired', 'expire', DUE, { kind: 'stays' }],
  ])('%s, on %s at %d', (status, event, clock_ms, expected) => {
    expect(transition(reservationWith({ status }), event, clock_ms)).toEqual(expected);
  });
});

describe('the end of a hold', () => {
  const lines = [{ sku: 'A', location_id: 'B1', quantity: 3 }];

  test('by a sale takes the units away', () => {
    const [posting] = endHold(reservationWith({ lines }), 'committed', { event_ms: 5 });
    expect(posting).toMatchObject({ kind: 'commit', on_hand_delta: -3, reserved_delta: -3, event_ms: 5 });
  });

  test.each([
    ['released', 'release'],
    ['expired', 'expire'],
  ] as const)('by being %s leaves them where they lie', (status, kind) => {
    const [posting] = endHold(reservationWith({ lines }), status, { event_ms: 5 });
    expect(posting).toMatchObject({ kind, on_hand_delta: 0, reserved_delta: -3, reservation_id: 'r-1' });
  });
});
