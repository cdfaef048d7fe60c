import { tenantKey, type Principal, type Scope } from '@nerveline/kernel';
import type { z } from 'zod';
import { proposalAnswerRequest, trafficAnswer, trafficRequest } from './http/fleet-api';
import { reservationAnswer, reservationRequest, stockMovementAnswer, stockMovementRequest } from './http/inventory-api';
import { fleetTopics, rerouteDecision } from './topics/fleet';
import { inventoryTopics } from './topics/inventory';
import type { ServiceName, Topic } from './topics/topic';

/** A command as the gateway sends it and the owner's `@MessagePattern` takes it. */
interface Command<Request extends z.ZodType = z.ZodType, Answer extends z.ZodType = z.ZodType> {
  readonly name: string;
  /** The service that carries it out. */
  readonly owner: ServiceName;
  readonly scope: Scope;
  /** Where two processes of the service share its work: who owns the key in this topic carries it out. */
  readonly topic: string;
  readonly request: Request;
  readonly answer: Answer;
  /** By its idempotency key, or by what it answers to: what got lost on the way is asked again. */
  readonly idempotent: true;
  key(request: z.output<Request>, by: Principal): string;
}

const command = <Request extends z.ZodType, Answer extends z.ZodType>({
  topic,
  ...entry
}: Omit<Command<Request, Answer>, 'owner' | 'topic' | 'idempotent'> & { readonly topic: Topic }): Command<
  Request,
  Answer
> => ({ ...entry, topic: topic.name, owner: topic.owner, idempotent: true });

/** A tenant's vehicles, roads and jams are in one hand. */
const ofTenant = (_request: unknown, { tenant_id }: Principal): string => tenantKey(tenant_id);

/** What a page may ask for. A command travels browser -> gateway -> owning service, principal and key with it. */
export const commands = {
  'fleet.answer_proposal': command({
    name: 'fleet.answer_proposal',
    topic: fleetTopics.commands,
    scope: 'fleet:write',
    request: proposalAnswerRequest,
    answer: rerouteDecision,
    key: ofTenant,
  }),
  'fleet.report_traffic': command({
    name: 'fleet.report_traffic',
    topic: fleetTopics.commands,
    scope: 'fleet:write',
    request: trafficRequest,
    answer: trafficAnswer,
    key: ofTenant,
  }),
  'stock.move': command({
    name: 'stock.move',
    topic: inventoryTopics.channelStock,
    scope: 'stock:write',
    request: stockMovementRequest,
    answer: stockMovementAnswer,
    key: ({ sku }, { tenant_id }) => tenantKey(tenant_id, sku),
  }),
  'stock.reserve': command({
    name: 'stock.reserve',
    topic: inventoryTopics.channelStock,
    scope: 'stock:reserve',
    request: reservationRequest,
    answer: reservationAnswer,
    // Whoever it is can hold all lines: PostgreSQL grants.
    key: ({ lines }, { tenant_id }) => tenantKey(tenant_id, ...lines.slice(0, 1).map(({ sku }) => sku)),
  }),
} as const;

export type CommandName = keyof typeof commands;
export type CommandRequest<Name extends CommandName> = z.infer<(typeof commands)[Name]['request']>;
export type CommandAnswer<Name extends CommandName> = z.infer<(typeof commands)[Name]['answer']>;
