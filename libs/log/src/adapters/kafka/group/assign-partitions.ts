/** A member as the leader sees it: what it says that it owns, with the generation since which it does. */
export interface ClaimingMember {
  readonly member_id: string;
  readonly owned: ReadonlyMap<number, number>;
}

/** Partition numbers of a member, with the generation since which it owns each. */
export type Assigned = ReadonlyMap<number, number>;

/**
 * Shares partition numbers evenly, and moves as few as it can: a member keeps what it has up to its share. A number that
 * has to move is given to nobody in this round: its owner sees that it is missing, finishes what is in hand, and joins
 * again; the next round gives it away. So nobody works on what another one still holds, and those that keep theirs never
 * pause.
 */
export function assignPartitions(
  members: readonly ClaimingMember[],
  partitions: number,
  generation: number,
): Map<string, Assigned> {
  const claims = claimedBy(members, partitions);
  const kept = new Map(members.map(({ member_id }) => [member_id, new Map<number, number>()]));
  for (const [partition, { member_id, since }] of claims) kept.get(member_id)?.set(partition, since);
  const shares = sharesOf(kept, partitions);
  const free: number[] = [];
  for (let partition = 0; partition < partitions; partition += 1) if (!claims.has(partition)) free.push(partition);
  let moving = 0;
  for (const [member_id, of_member] of kept) {
    const share = shares.get(member_id) ?? 0;
    const given_up = [...of_member.keys()].sort((a, b) => a - b).slice(share);
    for (const partition of given_up) of_member.delete(partition);
    moving += given_up.length;
  }
  for (const [member_id, of_member] of kept) {
    const share = shares.get(member_id) ?? 0;
    while (of_member.size < share && free.length > 0) of_member.set(free.shift() ?? 0, generation);
  }
  // Every share is met but for those that wait for what is moving.
  const unmet = [...kept].reduce((sum, [member_id, { size }]) => sum + (shares.get(member_id) ?? 0) - size, 0);
  if (unmet !== moving) throw new TypeError(`${unmet} partitions are wanted and ${moving} are moving`);
  return kept;
}

/** Two may claim one number, if one of them was away: the later owner is right. */
function claimedBy(
  members: readonly ClaimingMember[],
  partitions: number,
): Map<number, { member_id: string; since: number }> {
  const claims = new Map<number, { member_id: string; since: number }>();
  for (const { member_id, owned } of members) {
    for (const [partition, since] of owned) {
      const other = claims.get(partition);
      if (partition < partitions && (other === undefined || other.since < since)) {
        claims.set(partition, { member_id, since });
      }
    }
  }
  return claims;
}

/** Those that have the most get the larger shares, so that the fewest move. */
function sharesOf(kept: ReadonlyMap<string, ReadonlyMap<number, number>>, partitions: number): Map<string, number> {
  const smaller = Math.floor(partitions / kept.size);
  const larger_ones = partitions % kept.size;
  const ordered = [...kept].sort(([a, { size: a_size }], [b, { size: b_size }]) => b_size - a_size || (a < b ? -1 : 1));
  return new Map(ordered.map(([member_id], i) => [member_id, i < larger_ones ? smaller + 1 : smaller]));
}
