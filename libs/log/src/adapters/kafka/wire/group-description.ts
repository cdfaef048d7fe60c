import type { GroupDescription } from './broker-connection';
import { check } from './kafka-error';

/** What a broker says of a group; both clients give it in this shape, but for the names of its state and protocol. */
export interface DescribedGroup {
  readonly errorCode: number;
  readonly members: readonly { readonly memberMetadata: Buffer; readonly memberAssignment: Buffer }[];
}

/** @throws KafkaProtocolError when the broker refuses; a group that it doesn't know is dead */
export function groupDescription<Group extends DescribedGroup>(
  described: Group | undefined,
  names: (group: Group) => Pick<GroupDescription, 'state' | 'protocol'>,
): GroupDescription {
  if (described === undefined) return { state: 'Dead', protocol: '', members: [] };
  check(described.errorCode, 'DescribeGroups');
  const members = described.members.map(({ memberMetadata, memberAssignment }) => ({
    metadata: memberMetadata,
    assignment: memberAssignment,
  }));
  return { ...names(described), members };
}
