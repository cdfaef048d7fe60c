import type { PositionVector, PushFrame, PushItem } from '@nerveline/contracts';
import fc from 'fast-check';
import { takeFrame } from './stream-cursor';

const item = (offset: number, partition = 0): PushItem => ({
  topic: 'fraud.decisions',
  partition,
  offset,
  key: `demo/${offset}`,
  event_ms: offset,
  source_position: null,
  committed_ms: null,
  value: { offset },
});

const frame = (kind: PushFrame['kind'], items: readonly PushItem[], more: Partial<PushFrame> = {}): PushFrame => ({
  stream: 'fraud.decisions',
  kind,
  items,
  position: {},
  behind: 0,
  ...more,
});

const offsets = (items: readonly PushItem[]) => items.map(({ offset }) => offset);

describe('takeFrame', () => {
  test('a snapshot replaces what the page has and sets its position', () => {
    const verdict = takeFrame(null, frame('snapshot', [item(4), item(5)], { position: { 'fraud.decisions/0': 6 } }));
    expect(verdict).toMatchObject({ kind: 'apply', replace: true, position: { 'fraud.decisions/0': 6 } });
  });

  test("a gauge's snapshot is taken whole, though its offsets fall", () => {
    const verdict = takeFrame(null, frame('snapshot', [item(9), item(2), item(5)]));
    expect(verdict.kind === 'apply' && offsets(verdict.fresh)).toEqual([9, 2, 5]);
  });

  test('a record that comes again is left out and counted', () => {
    const verdict = takeFrame({ 'fraud.decisions/0': 6 }, frame('delta', [item(5), item(6), item(6), item(7)]));
    expect(verdict.kind === 'apply' && offsets(verdict.fresh)).toEqual([6, 7]);
    expect(verdict).toMatchObject({ repeated: 2, position: { 'fraud.decisions/0': 8 } });
  });

  test('a whole frame that comes again changes nothing, and never moves the position back', () => {
    const verdict = takeFrame(
      { 'fraud.decisions/0': 9 },
      frame('delta', [item(5)], { position: { 'fraud.decisions/0': 6 }, from: { 'fraud.decisions/0': 5 } }),
    );
    expect(verdict).toMatchObject({ kind: 'apply', fresh: [], position: { 'fraud.decisions/0': 9 } });
  });

  test('partitions count for themselves', () => {
    const verdict = takeFrame({ 'fraud.decisions/0': 9 }, frame('delta', [item(3, 1), item(3, 0)]));
    expect(verdict.kind === 'apply' && verdict.fresh.map(({ partition }) => partition)).toEqual([1]);
  });

  test('a frame that starts after the page is a gap, and is not applied', () => {
    const verdict = takeFrame(
      { 'fraud.decisions/0': 6 },
      frame('delta', [item(9)], { from: { 'fraud.decisions/0': 8 } }),
    );
    expect(verdict).toEqual({ kind: 'gap', partition: 'fraud.decisions/0' });
  });

  test('a hole between offsets is no gap: other tenants and marks lie there', () => {
    const verdict = takeFrame(
      { 'fraud.decisions/0': 6 },
      frame('delta', [item(9)], { from: { 'fraud.decisions/0': 6 } }),
    );
    expect(verdict).toMatchObject({ kind: 'apply', repeated: 0 });
  });

  test('a reset replaces everything, also where the log starts again at lower offsets', () => {
    const verdict = takeFrame(
      { 'fraud.decisions/0': 900 },
      frame('reset', [item(0)], { position: { 'fraud.decisions/0': 1 } }),
    );
    expect(verdict).toMatchObject({ kind: 'apply', replace: true, position: { 'fraud.decisions/0': 1 } });
  });

  test('a delta before the first snapshot is left alone', () => {
    expect(takeFrame(null, frame('delta', [item(1)])).kind).toBe('early');
  });

  test('whatever is sent twice, late or after a cut, each record arrives once and in order', () => {
    const cuts = fc.array(fc.record({ back: fc.nat(8), length: fc.nat(6) }), { maxLength: 40 });
    fc.assert(
      fc.property(cuts, (steps) => {
        let position: PositionVector = { 'fraud.decisions/0': 0 };
        const shown: number[] = [];
        for (const { back, length } of steps) {
          const next = position['fraud.decisions/0'] ?? 0;
          const start = Math.max(0, next - back);
          const items = Array.from({ length }, (_, index) => item(start + index));
          const verdict = takeFrame(position, frame('delta', items, { from: { 'fraud.decisions/0': start } }));
          if (verdict.kind !== 'apply') return false;
          shown.push(...offsets(verdict.fresh));
          position = verdict.position;
        }
        return shown.every((offset, index) => offset === index);
      }),
    );
  });
});
