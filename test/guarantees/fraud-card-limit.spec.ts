import { decide } from '../../apps/fraud-scoring/src/domain/decide';
import { defaultPolicy } from '../../apps/fraud-scoring/src/domain/default-policy';
import type { Policy } from '../../apps/fraud-scoring/src/domain/policy';
import { openFraudScoring, payment } from '../integration/fraud-context';

const PAYERS = 40;

/** One payment in a minute, not two. */
const limitOfOne: Policy = {
  ...defaultPolicy,
  version: 'limit-of-one',
  windows: defaultPolicy.windows.map((window) => ({
    ...window,
    count: { ...window.count, steps: [{ over: window.label === '1 min' ? 1 : 1_000, points: 80 }] },
  })),
};

async function passedOf(times: readonly number[]): Promise<number> {
  await using fraud = await openFraudScoring({ policy: limitOfOne });
  const decisions = await Promise.all(times.map((event_ms) => fraud.decide(payment({ card: 'raced', event_ms }))));
  return decisions.filter(({ verdict }) => verdict !== 'block').length;
}

test('payments at the same instant can not pass a limit of one together', async () => {
  const now_ms = Date.now();
  expect(await passedOf(Array.from({ length: PAYERS }, () => now_ms))).toBe(1);
});

test('neither can they when each is a little older than the one before', async () => {
  const now_ms = Date.now();
  expect(await passedOf(Array.from({ length: PAYERS }, (_, index) => now_ms - index))).toBe(1);
});

test('payments a full window apart all pass', async () => {
  const now_ms = Date.now();
  expect(await passedOf(Array.from({ length: PAYERS }, (_, index) => now_ms - index * 60_000))).toBe(PAYERS);
});

test('decisions that do not see each other would all pass', () => {
  const event = { event_ms: 0, payment_id: 'p', amount_base_minor: 1, location: null, country: null };
  const nothing = { profile: undefined, card_block: undefined, merchant_block: undefined, event_clock_ms: 0 };
  const first = decide({ ...nothing, history: [] }, event, limitOfOne);
  const unseen = decide({ ...nothing, history: [] }, { ...event, payment_id: 'q' }, limitOfOne);
  const seen = decide({ ...nothing, history: first.history }, { ...event, payment_id: 'q' }, limitOfOne);
  expect([first.verdict, unseen.verdict, seen.verdict]).toEqual(['allow', 'allow', 'block']);
});
