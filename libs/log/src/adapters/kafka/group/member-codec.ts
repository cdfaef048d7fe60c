import { AssignerProtocol } from 'kafkajs';
import { NervelineError } from '@nerveline/kernel';
import { z } from 'zod';
import type { Assigned } from './assign-partitions';

/*
 * Members speak Kafka's consumer protocol, so that its own tools show who has what. What is ours travels in the user data:
 * where a member answers, and since which generation it owns each number.
 */

/** The name under which our members share partitions: a group with another one belongs to somebody else. */
export const PROTOCOL = 'nerveline-1';
const FORMAT = 1;
const VERSION = 0;

const owned = z.array(z.tuple([z.int().min(0), z.int()]));
const metadataSchema = z.object({ format: z.literal(FORMAT), address: z.string(), owned });
const assignmentSchema = z.object({ format: z.literal(FORMAT), owned });

export interface MemberMetadata {
  readonly topics: readonly string[];
  readonly address: string;
  readonly owned: Assigned;
}

export function encodeMetadata({ topics, address, owned: has }: MemberMetadata): Buffer {
  const user_data = Buffer.from(JSON.stringify({ format: FORMAT, address, owned: [...has] }));
  return AssignerProtocol.MemberMetadata.encode({ version: VERSION, topics: [...topics], userData: user_data });
}

/** @throws NervelineError `NL-LOG-024` for what isn't ours */
export function decodeMetadata(bytes: Buffer): MemberMetadata {
  const decoded = AssignerProtocol.MemberMetadata.decode(bytes);
  const { address, owned: has } = parse(metadataSchema, decoded?.userData);
  return { topics: decoded?.topics ?? [], address, owned: new Map(has) };
}

/** @param topics with their partition counts: a topic that has fewer has none of the higher numbers */
export function encodeAssignment(assigned: Assigned, topics: ReadonlyMap<string, number>): Buffer {
  const assignment = Object.fromEntries(
    [...topics].map(([topic, count]) => [topic, [...assigned.keys()].filter((partition) => partition < count)]),
  );
  const user_data = Buffer.from(JSON.stringify({ format: FORMAT, owned: [...assigned] }));
  return AssignerProtocol.MemberAssignment.encode({ version: VERSION, assignment, userData: user_data });
}

/** @throws NervelineError `NL-LOG-024` */
export function decodeAssignment(bytes: Buffer): Assigned {
  if (bytes.length === 0) return new Map();
  const decoded = AssignerProtocol.MemberAssignment.decode(bytes);
  return new Map(parse(assignmentSchema, decoded?.userData).owned);
}

function parse<Schema extends z.ZodType>(schema: Schema, user_data: Buffer | undefined): z.output<Schema> {
  try {
    return schema.parse(JSON.parse(user_data?.toString('utf8') ?? ''));
  } catch (cause) {
    throw new NervelineError('NL-LOG-024', { detail: 'a member of the group speaks a protocol of its own', cause });
  }
}
