import { createHash } from 'node:crypto';
import { NexmarkGenerator, type GeneratorOptions } from '../bench/nexmark/events';

function hashOf(events: number, options: GeneratorOptions = {}): string {
  const generator = new NexmarkGenerator(options);
  const hash = createHash('sha256');
  for (let n = 0; n < events; n += 1) hash.update(`${JSON.stringify(generator.at(n))}\n`);
  return hash.digest('hex');
}

// The hashes of docs/nexmark.md: every implementation in any language must give them.
test.each([
  [10_000, {}, '23e90b44370797f39f2b8fac30c6408858d564a8b6ba54608b56c0d1fbd5ac61'],
  [200_000, {}, '642625d33284b37ef72634d8c0979511b60bd26777533d87869421167093cb31'],
  [200_000, { rate_per_s: 1_000 }, '665622905459921b83ec3ec97b628bdda3723ec6746971486bb09fe6c67334f9'],
  [100_000, { group: 1_000 }, 'f57e279973dfcab53aefacc4d3746966c825456649e13b61a24e0e62e65ef799'],
])('the first %i events of the stream with %j are bit for bit those of the definition', (events, options, hash) => {
  expect(hashOf(events, options)).toBe(hash);
});
