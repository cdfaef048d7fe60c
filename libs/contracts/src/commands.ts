import type { Scope } from '@nerveline/kernel';
import type { z } from 'zod';
import { proposalAnswerRequest, trafficAnswer, trafficRequest } from './http/fleet-api';
import { reservationAnswer, reservationRequest, stockMovementAnswer, stockMovementRequest } from './http/inventory-api';
import { rerouteDecision } from './topics/fleet';
import type { ServiceName } from './topics/topic';

interface Command<Request extends z.ZodType = z.ZodType, Answer extends z.ZodType = z.ZodType> {
  /** The service that carries it out. */
  readonly owner: ServiceName;
  readonly scope: Scope;
  /** Where the owner takes it, as HTTP POST with the caller's token. */
  readonly path: string;
  readonly request: Request;
  readonly answer: Answer;
}

const command = <Request extends z.ZodType, Answer extends z.ZodType>(entry: Command<Request, Answer>) => entry;

/** What a page may ask for. A command travels browser -> gateway -> owning service, principal and key with it. */
export const commands = {
  'fleet.answer_proposal': command({
    owner: 'gps-rerouting',
    scope: 'fleet:write',
    path: '/v1/proposals/answer',
    request: proposalAnswerRequest,
    answer: rerouteDecision,
  }),
  'fleet.report_traffic': command({
    owner: 'gps-rerouting',
    scope: 'fleet:write',
    path: '/v1/traffic',
    request: trafficRequest,
    answer: trafficAnswer,
  }),
  'stock.move': command({
    owner: 'inventory-sync',
    scope: 'stock:write',
    path: '/v1/stock/movements',
    request: stockMovementRequest,
    answer: stockMovementAnswer,
  }),
  'stock.reserve': command({
    owner: 'inventory-sync',
    scope: 'stock:reserve',
    path: '/v1/reservations',
    request: reservationRequest,
    answer: reservationAnswer,
  }),
} as const;

export type CommandName = keyof typeof commands;
export type CommandRequest<Name extends CommandName> = z.infer<(typeof commands)[Name]['request']>;
export type CommandAnswer<Name extends CommandName> = z.infer<(typeof commands)[Name]['answer']>;
