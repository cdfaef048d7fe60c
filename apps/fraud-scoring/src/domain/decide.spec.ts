import fc from 'fast-check';
import type { CardHistory } from './card-history';
import { decide, type CardProfile, type State } from './decide';
import { defaultPolicy } from './default-policy';
import type { Payment } from './payment';
import { maxPaymentsPerCard } from './policy';

const NOW_MS = 1_700_000_000_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const BERLIN = { lat: 52.52, lon: 13.405 };
const LISBON = { lat: 38.722, lon: -9.139 };

const state = (more: Partial<State> = {}): State => ({
  history: [],
  profile: undefined,
  card_block: undefined,
  merchant_block: undefined,
  event_clock_ms: NOW_MS,
  ...more,
});

const payment = (more: Partial<Payment> = {}): Payment => ({
  event_ms: NOW_MS,
  payment_id: 'p',
  amount_base_minor: 10_00,
  location: null,
  country: null,
  ...more,
});

const paymentsEvery = (count: number, step_ms: number, amount_base_minor = 1_00): CardHistory =>
  Array.from({ length: count }, (_, index) =>
    payment({ payment_id: `h${index}`, event_ms: NOW_MS - (count - index) * step_ms, amount_base_minor }),
  );

const profile = (more: Partial<CardProfile> = {}): CardProfile => ({
  home_country: null,
  payment_limit_minor: null,
  currency: null,
  ...more,
});

test.each<[string, Partial<State>, Partial<Payment>, string, number, string[]]>([
  ['nothing against it', {}, {}, 'allow', 0, []],
  ['an account check of zero', {}, { amount_base_minor: 0 }, 'allow', 0, []],
  ['a blocked card', { card_block: 'stolen' }, {}, 'block', 100, ['this card is on the block list: stolen']],
  ['a blocked card, no reason given', { card_block: '' }, {}, 'block', 100, ['this card is on the block list']],
  ['a blocked merchant', { merchant_block: 'fraud' }, {}, 'block', 100, ['this merchant is on the block list: fraud']],
  ['exactly the limit', {}, { amount_base_minor: 250_00 }, 'allow', 0, []],
  ['just above the limit', {}, { amount_base_minor: 250_01 }, 'review', 40, ['250.01 EUR, limit 250.00 EUR']],
  ['three times the limit', {}, { amount_base_minor: 750_01 }, 'block', 80, ['750.01 EUR, limit 250.00 EUR']],
  [
    "above the card's own limit",
    { profile: profile({ payment_limit_minor: 50_00, currency: 'USD' }) },
    { amount_base_minor: 45_00 },
    'review',
    40,
    ['45.00 EUR, limit 43.00 EUR'],
  ],
  [
    'an own limit in a currency without a rate falls back to the policy',
    { profile: profile({ payment_limit_minor: 1, currency: 'XTS' }) },
    { amount_base_minor: 45_00 },
    'allow',
    0,
    [],
  ],
  [
    'the fourth in a minute',
    { history: paymentsEvery(3, 1_000) },
    {},
    'review',
    40,
    ['4 payments in 1 min on this card'],
  ],
  [
    'the sixth in a minute',
    { history: paymentsEvery(5, 1_000) },
    {},
    'block',
    80,
    ['6 payments in 1 min on this card'],
  ],
  [
    'the eleventh in an hour',
    { history: paymentsEvery(10, 5 * MINUTE_MS) },
    {},
    'review',
    40,
    ['11 payments in 1 h on this card'],
  ],
  [
    'a sum in an hour',
    { history: paymentsEvery(3, 10 * MINUTE_MS, 900_00) },
    {},
    'review',
    40,
    ['2,710.00 EUR in 1 h on this card'],
  ],
  [
    'a card that flew too fast',
    { history: [payment({ payment_id: 'h', event_ms: NOW_MS - 22 * MINUTE_MS, location: BERLIN })] },
    { location: LISBON },
    'review',
    60,
    ['2,310 km in 22 min'],
  ],
  [
    'two places at one instant',
    { history: [payment({ payment_id: 'h', location: BERLIN })] },
    { location: LISBON },
    'review',
    60,
    ['2,310 km at the same instant'],
  ],
  [
    'a flight that airliners make',
    { history: [payment({ payment_id: 'h', event_ms: NOW_MS - 3 * HOUR_MS, location: BERLIN })] },
    { location: LISBON },
    'allow',
    0,
    [],
  ],
  [
    'noise of the position at one instant',
    { history: [payment({ payment_id: 'h', location: BERLIN })] },
    { location: { lat: 52.6, lon: 13.4 } },
    'allow',
    0,
    [],
  ],
  [
    'abroad',
    { profile: profile({ home_country: 'DE' }) },
    { country: 'BR' },
    'allow',
    20,
    ['paid in BR, card is from DE'],
  ],
  ['at home', { profile: profile({ home_country: 'DE' }) }, { country: 'DE' }, 'allow', 0, []],
])('%s', (_name, known, event, verdict, score_points, texts) => {
  const decision = decide(state(known), payment(event), defaultPolicy);
  expect(decision.reasons.map(({ text }) => text)).toEqual(texts);
  expect(decision).toMatchObject({ verdict, score_points });
});

test('reasons add up, the weightiest first, and the score ends at 100', () => {
  const history = [payment({ payment_id: 'h', event_ms: NOW_MS - MINUTE_MS, location: BERLIN })];
  const known = state({ history, profile: profile({ home_country: 'DE' }), merchant_block: '' });
  const { reasons, score_points, verdict } = decide(known, payment({ location: LISBON, country: 'PT' }), defaultPolicy);
  expect(reasons.map(({ code }) => code)).toEqual(['blocked_merchant', 'impossible_travel', 'foreign_country']);
  expect({ score_points, verdict }).toEqual({ score_points: 100, verdict: 'block' });
});

test('a late payment is compared with where the card was afterwards', () => {
  const history = [payment({ payment_id: 'h', location: LISBON })];
  const late = payment({ event_ms: NOW_MS - 10 * MINUTE_MS, location: BERLIN });
  expect(decide(state({ history }), late, defaultPolicy).reasons).toMatchObject([{ code: 'impossible_travel' }]);
});

test('a blocked payment does not count, one in review does', () => {
  const blocked = decide(state({ card_block: 'stolen' }), payment({ location: LISBON }), defaultPolicy);
  expect(blocked.history).toEqual([]);
  const reviewed = decide(state(), payment({ amount_base_minor: 500_00 }), defaultPolicy);
  expect(reviewed).toMatchObject({ verdict: 'review', history: [{ payment_id: 'p' }] });
});

test('a payment that is asked for again counts once, also when it is then blocked', () => {
  const first = decide(state(), payment(), defaultPolicy);
  const again = decide(state({ history: first.history }), payment(), defaultPolicy);
  expect(again).toEqual(first);
  const blocked = decide(state({ history: first.history, card_block: 'stolen' }), payment(), defaultPolicy);
  expect(blocked.history).toEqual(first.history);
  const another = decide(state({ history: first.history }), payment({ amount_base_minor: 11_00 }), defaultPolicy);
  expect(another.history).toHaveLength(2);
});

test('a card never holds more payments than the policy bounds, whatever is thrown at it', () => {
  const tight = {
    ...defaultPolicy,
    max_age_ms: 2 * 24 * HOUR_MS,
    windows: defaultPolicy.windows.map((window) => ({
      ...window,
      count: { ...window.count, steps: [{ over: window.window_ms === 24 * HOUR_MS ? 3 : 1_000, points: 80 }] },
    })),
  };
  const arrivals = fc.array(fc.tuple(fc.nat(10 * HOUR_MS), fc.nat(tight.max_age_ms)), { maxLength: 200 });
  fc.assert(
    fc.property(arrivals, (steps) => {
      let history: CardHistory = [];
      let event_clock_ms = NOW_MS;
      steps.forEach(([advance_ms, age_ms], index) => {
        event_clock_ms += advance_ms;
        const event = payment({ payment_id: String(index), event_ms: event_clock_ms - age_ms, amount_base_minor: 0 });
        history = decide(state({ history, event_clock_ms }), event, tight).history;
        expect(history.length).toBeLessThanOrEqual(maxPaymentsPerCard(tight));
      });
    }),
  );
});
