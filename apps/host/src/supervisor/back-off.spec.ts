import { restartDelay_ms } from './back-off';

describe('the wait before a restart', () => {
  it('doubles with each failure in a row, up to a bound', () => {
    const full = [1, 2, 3, 4, 50].map((failures) => restartDelay_ms(failures, 1));
    expect(full).toEqual([200, 400, 800, 1_600, 15_000]);
  });

  it('is spread over the upper half of its length', () => {
    expect(restartDelay_ms(3, 0)).toBe(400);
    expect(restartDelay_ms(3, 0.5)).toBe(600);
  });
});
