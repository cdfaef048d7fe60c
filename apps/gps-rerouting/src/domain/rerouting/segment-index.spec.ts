import fc from 'fast-check';
import { SegmentIndex } from './segment-index';

const IDS = ['a', 'b', 'c', 'd', 'e'] as const;
const anyWay = fc.array(fc.integer({ min: 0, max: 25 }), { maxLength: 30 });
const anyFleet = fc.array(
  fc.record({ id: fc.constantFrom(...IDS), way: fc.option(anyWay), progress: fc.nat({ max: 30 }) }),
  {
    maxLength: 20,
  },
);

describe('SegmentIndex', () => {
  it('gives exactly the vehicles that still have one of the segments, as a walk over all ways does', () => {
    fc.assert(
      fc.property(anyFleet, fc.array(fc.integer({ min: 0, max: 25 }), { maxLength: 8 }), (steps, changed) => {
        const index = new SegmentIndex<string>();
        const ways = new Map<string, { way: readonly number[]; progress: number }>();
        for (const { id, way, progress } of steps) {
          if (way === null) {
            index.remove(id);
            ways.delete(id);
          } else {
            index.set(id, way);
            ways.set(id, { way, progress });
          }
        }
        const expected = [...ways]
          .filter(([, { way, progress }]) => way.slice(progress).some((edge) => changed.includes(edge)))
          .map(([id]) => id)
          .sort();
        expect(index.hit(changed, (id) => ways.get(id)?.progress ?? 0)).toEqual(expected);
      }),
      { numRuns: 1_000 },
    );
  });
});
