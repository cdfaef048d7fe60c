import { VirtualClock } from '@nerveline/testing';
import { RequestBudget } from './request-budget';

test('a burst is granted, then a steady rate', () => {
  const clock = new VirtualClock();
  const budget = new RequestBudget({ request_burst: 5, requests_per_s: 2 }, clock);
  const granted = (tries: number) => Array.from({ length: tries }, () => budget.take()).filter(Boolean).length;
  expect(granted(20)).toBe(5);
  clock.advance(1_000);
  expect(granted(20)).toBe(2);
  clock.advance(3_600_000);
  expect(granted(20)).toBe(5);
});

test('a clock that goes back takes nothing away', () => {
  const clock = new VirtualClock();
  const budget = new RequestBudget({ request_burst: 2, requests_per_s: 1 }, clock);
  clock.advance(-10_000);
  expect(budget.take()).toBe(true);
});
