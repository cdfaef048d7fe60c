import { Body, Controller, Headers, HttpCode, Inject, Post } from '@nestjs/common';
import { positionsAnswer, positionsRequest, type PositionsAnswer, type PositionsRequest } from '@nerveline/contracts';
import type { Principal } from '@nerveline/kernel';
import { CurrentPrincipal, Describe, Scope, timed } from '@nerveline/service-defaults';
import { AcceptPositions } from '../../application/accept-positions';
import { doorOf, fixesTotal } from '../fleet-metrics';
import { callerOf } from './callers';

@Controller('v1/positions')
export class PositionsController {
  constructor(@Inject(AcceptPositions) private readonly positions: AcceptPositions) {}

  @Post()
  @HttpCode(200)
  @Scope('positions:write')
  @Describe({ summary: 'Takes GPS fixes. All accepted ones are durable when it answers.', answer: positionsAnswer })
  async accept(
    @Body({ schema: positionsRequest }) request: PositionsRequest,
    @CurrentPrincipal() principal: Principal,
    @Headers('traceparent') traceparent?: string,
  ): Promise<PositionsAnswer> {
    const answer = await timed(doorOf('positions'), () =>
      this.positions.accept(callerOf(principal, traceparent), request),
    );
    fixesTotal.inc({ outcome: 'accepted' }, answer.accepted);
    fixesTotal.inc({ outcome: 'stale' }, answer.stale);
    fixesTotal.inc({ outcome: 'off_map' }, answer.off_map);
    fixesTotal.inc({ outcome: 'refused' }, (answer.refused?.length ?? 0) - answer.off_map);
    return answer;
  }
}
