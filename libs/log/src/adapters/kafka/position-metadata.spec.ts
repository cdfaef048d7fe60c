import { offset } from '@nerveline/kernel';
import fc from 'fast-check';
import { decodeApplied, encodeApplied } from './position-metadata';

const position = (next_offset: number, applied: readonly number[]) => ({
  group: 'g.x',
  topic: 't',
  partition: 0,
  next_offset: offset(next_offset),
  applied_above: applied.map(offset),
});

describe('offsets above a gap, beside a position', () => {
  test('whatever they are, they come back', () => {
    const gaps = fc.array(fc.integer({ min: 1, max: 50 }), { maxLength: 300 });
    fc.assert(
      fc.property(fc.nat(), gaps, (next_offset, steps) => {
        let at = next_offset;
        const applied = steps.map((step) => (at += step));
        expect(decodeApplied(encodeApplied(position(next_offset, applied)), next_offset)).toEqual(applied);
      }),
    );
  });

  test('a long run takes no more room than a short one', () => {
    const run = Array.from({ length: 100_000 }, (_, i) => i + 2);
    expect(encodeApplied(position(1, run)).length).toBeLessThan(12);
  });

  test('more gaps than there is room for are refused: nothing is forgotten silently', () => {
    const every_other = Array.from({ length: 5_000 }, (_, i) => 2 * i + 1);
    expect(() => encodeApplied(position(0, every_other))).toThrow(
      expect.objectContaining({ code: 'NL-LOG-025' }) as Error,
    );
  });

  test('a newer format is refused, and what another tool wrote is left out', () => {
    expect(() => decodeApplied('2 1.1', 0)).toThrow(expect.objectContaining({ code: 'NL-LOG-006' }) as Error);
    expect(decodeApplied('some-host', 5)).toEqual([]);
  });
});
