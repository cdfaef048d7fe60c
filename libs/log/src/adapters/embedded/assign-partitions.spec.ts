import fc from 'fast-check';
import { assignPartitions } from './assign-partitions';

const members = ['a', 'b', 'c', 'd', 'e'];
const owners = fc.array(fc.option(fc.constantFrom(...members, 'gone'), { nil: undefined }), { maxLength: 40 });
const present = fc.shuffledSubarray(members, { minLength: 1 });

const counts = (assigned: readonly string[]) => {
  const count = new Map<string, number>();
  for (const member of assigned) count.set(member, (count.get(member) ?? 0) + 1);
  return count;
};

describe('assigning partitions', () => {
  test('every partition goes to a member, and shares differ by one at most', () => {
    fc.assert(
      fc.property(present, owners, (there, before) => {
        const assigned = assignPartitions(there, before);
        expect(assigned).toHaveLength(before.length);
        const count = counts(assigned);
        const shares = there.map((member) => count.get(member) ?? 0);
        expect([...count.keys()].filter((member) => !there.includes(member))).toEqual([]);
        expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1);
      }),
    );
  });

  test('a member keeps what it has up to its share', () => {
    fc.assert(
      fc.property(present, owners, (there, before) => {
        const assigned = assignPartitions(there, before);
        const share = Math.floor(before.length / there.length);
        for (const member of there) {
          const had = before.filter((owner) => owner === member).length;
          const kept = assigned.filter((owner, partition) => owner === member && before[partition] === member).length;
          expect(kept).toBeGreaterThanOrEqual(Math.min(had, share));
        }
      }),
    );
  });

  test('what was assigned once is left alone', () => {
    fc.assert(
      fc.property(present, owners, (there, before) => {
        const assigned = assignPartitions(there, before);
        expect(assignPartitions(there, assigned)).toEqual(assigned);
      }),
    );
  });

  test('nobody is there: nothing is assigned', () => {
    expect(assignPartitions([], ['a', undefined])).toEqual([]);
  });
});
