import { Ring } from './ring';

describe('Ring', () => {
  test('keeps the newest values, and no more than its capacity', () => {
    const ring = new Ring<number>(3);
    for (let value = 1; value <= 7; value += 1) ring.push(value);
    expect(ring.toArray()).toEqual([7, 6, 5]);
    expect(ring.newest()).toBe(7);
  });

  test('an emptied ring starts again', () => {
    const ring = new Ring<number>(3);
    ring.push(1);
    ring.clear();
    ring.push(2);
    expect(ring.toArray()).toEqual([2]);
  });
});
