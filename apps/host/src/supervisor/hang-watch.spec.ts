import { KillPermits, type Look, missesAfter } from './hang-watch';

const missed: Look = { answered: false, late_ms: 3 };
const answered: Look = { answered: true, late_ms: 0 };
const missesOf = (looks: readonly Look[]) => looks.reduce(missesAfter, 0);

describe('a program that is looked at', () => {
  it('hangs by misses in a row only: one answer makes up for all before it', () => {
    expect(missesOf([missed, missed, missed])).toBe(3);
    expect(missesOf([missed, missed, answered])).toBe(0);
    expect(missesOf([missed, missed, answered, missed])).toBe(1);
  });

  it('is not blamed for a look that came late itself, since the machine was at its limit', () => {
    const late: Look = { answered: false, late_ms: 800 };
    expect(missesOf(Array.from({ length: 50 }, () => late))).toBe(0);
    expect(missesOf([missed, late, missed])).toBe(2);
  });
});

describe('programs that seem to hang together', () => {
  it('are killed one at a time, with room for a start between two', () => {
    const permits = new KillPermits();
    expect(permits.take(0)).toBe(true);
    expect(permits.take(0)).toBe(false);
    expect(permits.take(4_999)).toBe(false);
    expect(permits.take(5_000)).toBe(true);
    expect(permits.take(5_001)).toBe(false);
  });
});
