import { murmur2, partitionFor } from './partitioner';

describe('partitioner', () => {
  // The vectors of Kafka's own UtilsTest#testMurmur2.
  test.each([
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ])('hashes %p as Kafka does', (text, hash) => {
    expect(murmur2(Buffer.from(text))).toBe(hash);
  });

  test('a key has the same partition as text and as bytes, wherever its bytes lie in their buffer', () => {
    const bytes = Buffer.from('....demo/card-17').subarray(4);
    expect(partitionFor(bytes, 7)).toBe(partitionFor('demo/card-17', 7));
  });

  test('a partition is always in range, also for a negative hash', () => {
    for (let i = 0; i < 1_000; i += 1) {
      const partition = partitionFor(`demo/${i}`, 4);
      expect(partition).toBeGreaterThanOrEqual(0);
      expect(partition).toBeLessThan(4);
    }
  });
});
