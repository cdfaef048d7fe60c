/**
 * Who should own each partition: shares that differ by one at most, and each member keeps what it has up to its share, so
 * that as little as possible moves. A pure function of the group's table, so that every member comes to the same.
 *
 * @param members in the order in which they joined
 * @param owners the present owner of each partition; one that is no member any more counts as none
 */
export function assignPartitions(
  members: readonly string[],
  owners: readonly (string | undefined)[],
): readonly string[] {
  if (members.length === 0) return [];
  const held = new Map<string, number>(members.map((member) => [member, 0]));
  for (const owner of owners) {
    if (owner !== undefined && held.has(owner)) held.set(owner, (held.get(owner) ?? 0) + 1);
  }
  const share = Math.floor(owners.length / members.length);
  const extra = owners.length % members.length;
  // Who has most gets the larger shares: it has to give the least away.
  const ranked = [...members].sort((a, b) => (held.get(b) ?? 0) - (held.get(a) ?? 0));
  const room = new Map(ranked.map((member, rank) => [member, share + (rank < extra ? 1 : 0)]));
  const take = (member: string): boolean => {
    const left = room.get(member) ?? 0;
    if (left > 0) room.set(member, left - 1);
    return left > 0;
  };
  const kept = owners.map((owner) => (owner !== undefined && take(owner) ? owner : undefined));
  return kept.map((owner) => owner ?? members.find(take) ?? '');
}
