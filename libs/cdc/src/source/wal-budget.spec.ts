import type { SlotState } from './slot';
import { WalBudget } from './wal-budget';

const MINUTE_MS = 60_000;
const state = (retained_bytes: number | null, safe_bytes: number | null = null): SlotState => ({
  ...{ slot: 's', active: true, confirmed_lsn: null, wal_status: 'reserved', retained_bytes, safe_bytes },
});

describe('the budget of a slot', () => {
  it('is forecast from the growth of the last minute', () => {
    const budget = new WalBudget(1_000);
    expect(budget.observe(state(100), 0)).toEqual({ left_bytes: 900, left_minutes: null, level: 'ok' });
    expect(budget.observe(state(200), MINUTE_MS)).toEqual({ left_bytes: 800, left_minutes: 8, level: 'ok' });
    // What was before the last minute doesn't count any more.
    budget.observe(state(200), 2 * MINUTE_MS);
    expect(budget.observe(state(600), 3 * MINUTE_MS)).toMatchObject({ left_bytes: 400, left_minutes: 1 });
  });

  it('has no forecast while the slot keeps less and less', () => {
    const budget = new WalBudget(1_000);
    budget.observe(state(900), 0);
    expect(budget.observe(state(100), 1_000)).toMatchObject({ left_minutes: null });
  });

  it('is near its end at four fifths, and over above it', () => {
    const budget = new WalBudget(1_000);
    expect(budget.observe(state(799), 0)).toMatchObject({ level: 'ok' });
    expect(budget.observe(state(801), 1)).toMatchObject({ level: 'near' });
    expect(budget.observe(state(1_000), 2)).toMatchObject({ level: 'near', left_bytes: 0 });
    expect(budget.observe(state(1_001), 3)).toMatchObject({ level: 'over', left_bytes: 0 });
  });

  it('is the limit of the server where that is nearer, or the only one', () => {
    expect(new WalBudget(1_000).observe(state(100, 50), 0)).toMatchObject({ left_bytes: 50 });
    expect(new WalBudget(null).observe(state(100, 10), 0)).toMatchObject({ left_bytes: 10, level: 'near' });
    expect(new WalBudget(null).observe(state(1e15), 0)).toEqual({ left_bytes: null, left_minutes: null, level: 'ok' });
    expect(new WalBudget(1).observe(state(null), 0)).toMatchObject({ level: 'ok' });
  });
});
