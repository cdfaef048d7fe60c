import { Body, Controller, Headers, HttpCode, Inject, Post } from '@nestjs/common';
import {
  planRequest,
  proposalAnswerRequest,
  rerouteDecision,
  routeAnswer,
  routeRequest,
  trafficAnswer,
  trafficRequest,
  vehiclePlan,
  type PlanRequest,
  type ProposalAnswerRequest,
  type RerouteDecision,
  type RouteAnswer,
  type RouteRequest,
  type TrafficAnswer,
  type TrafficRequest,
  type VehiclePlan,
} from '@nerveline/contracts';
import type { Principal } from '@nerveline/kernel';
import { CurrentPrincipal, Describe, Scope, timed } from '@nerveline/service-defaults';
import { AnswerProposal } from '../../application/answer-proposal';
import { FindRoute } from '../../application/find-route';
import { PlanVehicle } from '../../application/plan-vehicle';
import { ReportTraffic } from '../../application/report-traffic';
import { doorOf } from '../fleet-metrics';
import { callerOf } from './callers';

/** The doors for trips, traffic and answers. */
@Controller('v1')
export class FleetController {
  constructor(
    @Inject(PlanVehicle) private readonly plans: PlanVehicle,
    @Inject(ReportTraffic) private readonly traffic: ReportTraffic,
    @Inject(AnswerProposal) private readonly proposals: AnswerProposal,
    @Inject(FindRoute) private readonly routes: FindRoute,
  ) {}

  @Post('plans')
  @HttpCode(200)
  @Scope('fleet:write')
  @Describe({ summary: 'Gives a vehicle a trip: to one place, or over its open orders.', answer: vehiclePlan })
  plan(
    @Body({ schema: planRequest }) request: PlanRequest,
    @CurrentPrincipal() principal: Principal,
    @Headers('traceparent') traceparent?: string,
  ): Promise<VehiclePlan> {
    return timed(doorOf('plans'), async () => this.plans.plan(callerOf(principal, traceparent), request));
  }

  @Post('traffic')
  @HttpCode(200)
  @Scope('fleet:write')
  @Describe({ summary: 'Reports or clears a jam, closure or storm, and tells whom it hits.', answer: trafficAnswer })
  report(
    @Body({ schema: trafficRequest }) request: TrafficRequest,
    @CurrentPrincipal() principal: Principal,
    @Headers('traceparent') traceparent?: string,
  ): Promise<TrafficAnswer> {
    return timed(doorOf('traffic'), async () => this.traffic.report(callerOf(principal, traceparent), request));
  }

  @Post('proposals/answer')
  @HttpCode(200)
  @Scope('fleet:write')
  @Describe({
    summary: 'Accepts or declines a proposed route; the same answer again changes nothing.',
    answer: rerouteDecision,
  })
  answer(
    @Body({ schema: proposalAnswerRequest }) request: ProposalAnswerRequest,
    @CurrentPrincipal() principal: Principal,
    @Headers('traceparent') traceparent?: string,
  ): Promise<RerouteDecision> {
    return timed(doorOf('proposals'), async () => this.proposals.answer(callerOf(principal, traceparent), request));
  }

  @Post('routes')
  @HttpCode(200)
  @Scope('fleet:read')
  @Describe({ summary: 'The fastest way between two places on the present traffic.', answer: routeAnswer })
  route(
    @Body({ schema: routeRequest }) request: RouteRequest,
    @CurrentPrincipal() principal: Principal,
  ): Promise<RouteAnswer> {
    return timed(doorOf('routes'), async () => this.routes.find(callerOf(principal, undefined), request));
  }
}
