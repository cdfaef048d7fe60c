import { Controller, Inject, UseGuards } from '@nestjs/common';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import {
  commands,
  type ProposalAnswerRequest,
  type RerouteDecision,
  type TrafficAnswer,
  type TrafficRequest,
} from '@nerveline/contracts';
import type { Principal } from '@nerveline/kernel';
import type { LogRequestContext } from '@nerveline/log';
import { CurrentPrincipal, Scope, ScopeGuard, timed } from '@nerveline/service-defaults';
import { AnswerProposal } from '../../application/answer-proposal';
import { ReportTraffic } from '../../application/report-traffic';
import { doorOf } from '../fleet-metrics';
import { callerOf } from '../http/callers';

const { 'fleet.answer_proposal': answer, 'fleet.report_traffic': report } = commands;

/** What pages ask for. */
@Controller()
@UseGuards(ScopeGuard)
export class FleetCommandsController {
  constructor(
    @Inject(AnswerProposal) private readonly proposals: AnswerProposal,
    @Inject(ReportTraffic) private readonly traffic: ReportTraffic,
  ) {}

  @MessagePattern(answer)
  @Scope(answer.scope)
  answer(
    @Payload() request: ProposalAnswerRequest,
    @CurrentPrincipal() by: Principal,
    @Ctx() { headers }: LogRequestContext,
  ): Promise<RerouteDecision> {
    return timed(doorOf('proposals'), async () => this.proposals.answer(callerOf(by, headers['traceparent']), request));
  }

  @MessagePattern(report)
  @Scope(report.scope)
  report(
    @Payload() request: TrafficRequest,
    @CurrentPrincipal() by: Principal,
    @Ctx() { headers }: LogRequestContext,
  ): Promise<TrafficAnswer> {
    return timed(doorOf('traffic'), async () => this.traffic.report(callerOf(by, headers['traceparent']), request));
  }
}
