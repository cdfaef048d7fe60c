import { glideAt, glideTo } from './glide';

describe('glide', () => {
  test('a vehicle moves from where it is shown to its new fix, and not beyond', () => {
    const first = glideTo(null, { lon: 8, lat: 49 }, 0);
    const second = glideTo(first, { lon: 8.001, lat: 49 }, 1_000);
    expect(glideAt(second, 1_000).lon).toBeCloseTo(8, 9);
    expect(glideAt(second, 1_500).lon).toBeCloseTo(8.0005, 9);
    expect(glideAt(second, 9_000).lon).toBeCloseTo(8.001, 9);
  });

  test('a fix that comes early turns the vehicle where it is: it never jumps back', () => {
    const first = glideTo(null, { lon: 8, lat: 49 }, 0);
    const second = glideTo(first, { lon: 8.002, lat: 49 }, 1_000);
    const third = glideTo(second, { lon: 8.002, lat: 49.002 }, 1_500);
    expect(glideAt(third, 1_500).lon).toBeCloseTo(8.001, 9);
  });

  test('a jump that nobody drives is shown at once', () => {
    const first = glideTo(null, { lon: 8, lat: 49 }, 0);
    expect(glideAt(glideTo(first, { lon: 9, lat: 49 }, 1_000), 1_000).lon).toBe(9);
  });
});
