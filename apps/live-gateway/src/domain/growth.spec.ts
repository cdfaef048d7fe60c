import { Growth } from './growth';

test('a rate is the growth of the last samples', () => {
  const growth = new Growth();
  expect(growth.rate('a', 1_000, 0)).toBe(0);
  expect(growth.rate('a', 1_500, 1_000)).toBe(500);
  expect(growth.rate('a', 1_500, 2_000)).toBe(250);
  expect(growth.rate('a', 1_500, 9_000)).toBe(0);
});

test('counters do not mix, and one that begins anew makes no negative rate', () => {
  const growth = new Growth();
  growth.rate('a', 1_000, 0);
  growth.rate('b', 0, 0);
  expect(growth.rate('b', 10, 1_000)).toBe(10);
  expect(growth.rate('a', 3, 1_000)).toBe(0);
});
