import { DecisionDots, type Dot } from './decision-dots';

const dot = (event_ms: number, more: Partial<Dot> = {}): Dot => ({
  event_ms,
  amount_minor: 1_000,
  currency: 'EUR',
  verdict: 'allow',
  partition: 0,
  offset: event_ms,
  ...more,
});

describe('DecisionDots', () => {
  test('totals count a window by verdict and sum what is at stake by currency', () => {
    const dots = new DecisionDots(8);
    dots.add(dot(10, { verdict: 'block', amount_minor: 500 }));
    dots.add(dot(20, { verdict: 'block', amount_minor: 700 }));
    dots.add(dot(21, { verdict: 'block', amount_minor: 90, currency: 'CHF' }));
    dots.add(dot(22, { verdict: 'review', amount_minor: 40 }));
    dots.add(dot(23));
    const totals = dots.totalsSince(20);
    expect(totals.count).toBe(4);
    expect(totals.by_verdict).toEqual({ allow: 1, review: 1, block: 2 });
    expect([...totals.blocked_minor]).toEqual([
      ['EUR', 700],
      ['CHF', 90],
    ]);
    expect([...totals.review_minor]).toEqual([['EUR', 40]]);
  });

  test('keeps the newest, and no more than its capacity', () => {
    const dots = new DecisionDots(4);
    for (let event_ms = 1; event_ms <= 10; event_ms += 1) dots.add(dot(event_ms));
    const kept: number[] = [];
    dots.forEachSince(0, (_slot, event_ms) => kept.push(event_ms));
    expect(kept.sort((a, b) => a - b)).toEqual([7, 8, 9, 10]);
  });

  test('a dot comes back as it went in: its place in the log is its address', () => {
    const dots = new DecisionDots(4);
    const added = dot(5, { verdict: 'review', partition: 3, offset: 9_007_199_254_740_991, currency: 'JPY' });
    dots.add(added);
    expect(dots.dotAt(0)).toEqual(added);
  });
});
