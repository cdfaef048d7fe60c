import { Controller, Inject, UseGuards } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import {
  commands,
  type ReservationAnswer,
  type ReservationRequest,
  type StockMovementAnswer,
  type StockMovementRequest,
} from '@nerveline/contracts';
import type { Principal } from '@nerveline/kernel';
import { CurrentPrincipal, Scope, ScopeGuard } from '@nerveline/service-defaults';
import { MoveStock } from '../../application/move-stock';
import { ReserveStock } from '../../application/reserve-stock';
import { contextOf } from '../http/request-hash';
import { COMMANDS } from './log-intake';

const { 'stock.move': move, 'stock.reserve': reserve } = commands;

/**
 * What pages ask for. A request has the same digest here and on its HTTP route, so that its key means one thing on both.
 */
@Controller()
@UseGuards(ScopeGuard)
export class StockCommandsController {
  constructor(
    @Inject(MoveStock) private readonly moveStock: MoveStock,
    @Inject(ReserveStock) private readonly reserveStock: ReserveStock,
  ) {}

  @MessagePattern(move, COMMANDS)
  @Scope(move.scope)
  move(@Payload() request: StockMovementRequest, @CurrentPrincipal() by: Principal): Promise<StockMovementAnswer> {
    return this.moveStock.move(request, contextOf(by, 'move', request));
  }

  @MessagePattern(reserve, COMMANDS)
  @Scope(reserve.scope)
  reserve(@Payload() request: ReservationRequest, @CurrentPrincipal() by: Principal): Promise<ReservationAnswer> {
    return this.reserveStock.reserve(request, contextOf(by, 'reserve', request));
  }
}
