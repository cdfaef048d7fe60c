import { AgeWindow } from './age-window';

test('percentiles are those of the last ten seconds', () => {
  const window = new AgeWindow();
  for (let n = 1; n <= 100; n += 1) window.add(1_000, 5_000);
  for (let n = 1; n <= 100; n += 1) window.add(20_000, n);
  expect(window.percentiles(21_000)).toEqual({ p50_ms: 51, p99_ms: 100 });
  expect(window.percentiles(40_000)).toBeUndefined();
});

test('a snapshot of old rows says nothing of how quick the platform is', () => {
  const window = new AgeWindow();
  window.add(1_000, 86_400_000);
  expect(window.percentiles(1_000)).toBeUndefined();
});

test('clocks that differ by a hair make no negative age', () => {
  const window = new AgeWindow();
  window.add(1_000, -3);
  expect(window.percentiles(1_000)).toEqual({ p50_ms: 0, p99_ms: 0 });
});

test('memory is bounded however much passes', () => {
  const window = new AgeWindow();
  for (let n = 0; n < 100_000; n += 1) window.add(1_000, n < 99_000 ? 1 : 2);
  expect(window.percentiles(1_000)).toEqual({ p50_ms: 2, p99_ms: 2 });
});
