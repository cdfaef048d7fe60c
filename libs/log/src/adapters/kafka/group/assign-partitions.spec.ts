import { assignPartitions, type ClaimingMember } from './assign-partitions';
import fc from 'fast-check';

const member = (member_id: string, owned: readonly (readonly [number, number])[] = []): ClaimingMember => ({
  member_id,
  owned: new Map(owned),
});

/** Rounds as the group makes them, until nothing moves any more. */
function settle(
  names: readonly string[],
  partitions: number,
  before: ReadonlyMap<string, ReadonlyMap<number, number>>,
) {
  let owned = new Map(before);
  let moves = 0;
  for (let generation = 100; ; generation += 1) {
    const members = names.map((name) => ({ member_id: name, owned: owned.get(name) ?? new Map<number, number>() }));
    const next = assignPartitions(members, partitions, generation);
    const revoked = members.flatMap(({ member_id, owned: had }) =>
      [...had.keys()].filter((partition) => !next.get(member_id)?.has(partition)),
    );
    owned = next;
    moves += revoked.length;
    if (revoked.length === 0) return { owned, moves, rounds: generation - 99 };
  }
}

describe('sharing partitions', () => {
  test('a sole member gets all, in the generation of the group', () => {
    expect(assignPartitions([member('a')], 3, 7)).toEqual(
      new Map([
        [
          'a',
          new Map([
            [0, 7],
            [1, 7],
            [2, 7],
          ]),
        ],
      ]),
    );
  });

  test('what has to move is given to nobody until its owner has let go', () => {
    const members = [
      member(
        'a',
        [0, 1, 2, 3].map((partition) => [partition, 1] as const),
      ),
      member('b'),
    ];
    const round = assignPartitions(members, 4, 2);
    expect([...(round.get('a')?.keys() ?? [])]).toEqual([0, 1]);
    expect([...(round.get('b')?.keys() ?? [])]).toEqual([]);
  });

  test('of two that claim a partition, the one that got it later has it', () => {
    const round = assignPartitions([member('a', [[0, 3]]), member('b', [[0, 5]])], 1, 6);
    expect(round.get('b')).toEqual(new Map([[0, 5]]));
    expect(round.get('a')).toEqual(new Map());
  });

  test('whoever comes and goes, each partition ends with one member, shares differ by one at most, and few move', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 6 }),
        (partitions, sizes) => {
          let owned: ReadonlyMap<string, ReadonlyMap<number, number>> = new Map();
          for (const size of [2, ...sizes]) {
            const names = Array.from({ length: size }, (_, i) => `m${i}`);
            const staying = new Map([...owned].filter(([name]) => names.includes(name)));
            const settled = settle(names, partitions, staying);
            const all = [...settled.owned.values()].flatMap((of_member) => [...of_member.keys()]);
            expect(all.toSorted((a, b) => a - b)).toEqual(Array.from({ length: partitions }, (_, i) => i));
            const counts = [...settled.owned.values()].map((of_member) => of_member.size);
            expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
            expect(settled.rounds).toBeLessThanOrEqual(3);
            const surplus = [...staying.values()].reduce(
              (sum, { size: had }) => sum + Math.max(0, had - Math.floor(partitions / size)),
              0,
            );
            expect(settled.moves).toBeLessThanOrEqual(surplus);
            owned = settled.owned;
          }
        },
      ),
    );
  });
});
