import { Random } from './random';

const draws = (seed: number, stream: string) => {
  const random = new Random(seed, stream);
  return Array.from({ length: 20 }, () => random.next());
};

test('the same seed and stream give the same world', () => {
  expect(draws(7, 'payments')).toEqual(draws(7, 'payments'));
});

test('another seed or another stream gives another world', () => {
  expect(draws(8, 'payments')).not.toEqual(draws(7, 'payments'));
  expect(draws(7, 'shoppers')).not.toEqual(draws(7, 'payments'));
});

test('draws are spread over the whole range', () => {
  const random = new Random(1, 'spread');
  const counts = new Array<number>(10).fill(0);
  for (let i = 0; i < 10_000; i++) counts[random.below(10)] = (counts[random.below(10)] ?? 0) + 1;
  expect(Math.min(...counts)).toBeGreaterThan(800);
});

test('small numbers are the most frequent of a zipf draw, and none is out of range', () => {
  const random = new Random(1, 'zipf');
  const drawn = Array.from({ length: 5_000 }, () => random.zipf(100));
  expect(Math.min(...drawn)).toBe(0);
  expect(Math.max(...drawn)).toBeLessThan(100);
  expect(drawn.filter((n) => n < 10).length).toBeGreaterThan(drawn.length / 3);
});

test('events of rate 0 wait as long as a timer can', () => {
  const random = new Random(1, 'pace');
  for (let i = 0; i < 100; i += 1) expect(random.gap_ms(0)).toBe(2 ** 31 - 1);
});
