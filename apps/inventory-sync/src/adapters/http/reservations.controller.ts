import { Body, Controller, HttpCode, Inject, Param, Post } from '@nestjs/common';
import {
  reservationAnswer,
  reservationId,
  reservationRequest,
  reservationStatus,
  reservationTransitionRequest,
  type ReservationAnswer,
  type ReservationId,
  type ReservationRequest,
  type ReservationStatus,
} from '@nerveline/contracts';
import type { Principal } from '@nerveline/kernel';
import { CurrentPrincipal, Describe, Scope } from '@nerveline/service-defaults';
import { z } from 'zod';
import { ReserveStock } from '../../application/reserve-stock';
import { SettleReservation } from '../../application/settle-reservation';
import { contextOf } from './request-hash';

/** The body may be left out. */
const transition = reservationTransitionRequest.default({});
const path = z.object({ reservation_id: reservationId });

@Controller('v1/reservations')
@Scope('stock:reserve')
export class ReservationsController {
  constructor(
    @Inject(ReserveStock) private readonly reserveStock: ReserveStock,
    @Inject(SettleReservation) private readonly settleReservation: SettleReservation,
  ) {}

  @Post()
  @HttpCode(200)
  @Describe({ summary: 'Holds units for a while: every line or none.', answer: reservationAnswer })
  reserve(
    @Body({ schema: reservationRequest }) body: ReservationRequest,
    @CurrentPrincipal() by: Principal,
  ): Promise<ReservationAnswer> {
    return this.reserveStock.reserve(body, contextOf(by, 'reserve', body));
  }

  @Post(':reservation_id/commit')
  @HttpCode(200)
  @Describe({ summary: 'Sells what is held. Refused once the hold has expired.', answer: reservationStatus })
  commit(
    @Param({ schema: path }) { reservation_id }: { reservation_id: ReservationId },
    @Body({ schema: transition }) { event_ms }: z.infer<typeof transition>,
    @CurrentPrincipal() by: Principal,
  ): Promise<ReservationStatus> {
    return this.settleReservation.settle({ reservation_id, settlement: 'commit', event_ms }, by);
  }

  @Post(':reservation_id/release')
  @HttpCode(200)
  @Describe({ summary: 'Gives back what is held.', answer: reservationStatus })
  release(
    @Param({ schema: path }) { reservation_id }: { reservation_id: ReservationId },
    @Body({ schema: transition }) { event_ms }: z.infer<typeof transition>,
    @CurrentPrincipal() by: Principal,
  ): Promise<ReservationStatus> {
    return this.settleReservation.settle({ reservation_id, settlement: 'release', event_ms }, by);
  }
}
