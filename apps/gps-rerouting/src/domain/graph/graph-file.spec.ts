import fc from 'fast-check';
import { isNervelineError } from '@nerveline/kernel';
import { syntheticCity } from '../city/synthetic-city';
import { decodeGraph, encodeGraph } from './graph-file';

const file = encodeGraph(syntheticCity(2, 600).graph);

function codeOf(bytes: Uint8Array): string {
  try {
    decodeGraph(bytes);
    return 'read';
  } catch (error) {
    return isNervelineError(error) ? error.code : String(error);
  }
}

describe('a stored road graph', () => {
  it('that is cut off anywhere is refused with its code', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: file.length - 9 }), (end) => codeOf(file.slice(0, end)) === 'NL-FLT-012'),
    );
  });

  it('with a flipped bit anywhere is refused with its code, or the bit was in the padding', () => {
    const whole = decodeGraph(file).hash;
    fc.assert(
      fc.property(fc.integer({ min: 0, max: file.length - 1 }), fc.integer({ min: 0, max: 7 }), (index, bit) => {
        const damaged = file.slice();
        damaged[index] = (damaged[index] ?? 0) ^ (1 << bit);
        const code = codeOf(damaged);
        return code === 'NL-FLT-012' || (code === 'read' && decodeGraph(damaged).hash === whole);
      }),
    );
  });

  it('of a newer format is refused', () => {
    const newer = file.slice();
    newer[4] = 2;
    expect(() => decodeGraph(newer)).toThrow(/its format is 2/);
  });
});
