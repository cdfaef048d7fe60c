import { eventually, type TestProgram } from '@nerveline/testing';

/** What a member of a group in a process of its own tells. */
export interface MemberMessage {
  readonly assigned?: number[];
  readonly revoked?: number[];
  readonly lost?: number[];
  readonly joined?: string;
  readonly left?: string;
  readonly appended?: number;
  readonly committed?: number;
  readonly refused?: string;
}

export const said = (member: TestProgram) => member.messages as readonly MemberMessage[];

/** What the member has been given and not lost or given away since, as it heard of it. */
export function ownedBy(member: TestProgram): number[] {
  const owned = new Set<number>();
  for (const { assigned = [], revoked = [], lost = [] } of said(member)) {
    for (const partition of [...revoked, ...lost]) owned.delete(partition);
    for (const partition of assigned) owned.add(partition);
  }
  return [...owned].sort((a, b) => a - b);
}

/** Resolves when the members share all partitions, from 0 on, in these numbers. */
export const shares = (members: readonly TestProgram[], numbers: readonly number[], within_ms = 15_000) =>
  eventually(
    () => {
      const owned = members.map(ownedBy);
      const all = owned.flat().sort((a, b) => a - b);
      const whole = all.length === sum(numbers) && all.every((partition, i) => partition === i);
      return whole && owned.every((its, i) => its.length === numbers[i]) ? owned : undefined;
    },
    { within_ms, what: `shares of ${numbers.join(', ')}` },
  );

/** Tells the member to commit, or to append, and waits for what becomes of it. */
export async function answerTo(member: TestProgram, message: object): Promise<MemberMessage> {
  const before = said(member).length;
  member.tell(message);
  return eventually(
    () =>
      said(member)
        .slice(before)
        .find(({ committed, refused }) => committed !== undefined || refused !== undefined),
    { within_ms: 20_000, what: `an answer to ${JSON.stringify(message)}` },
  );
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
