import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { cartEventAnswer, cartEventRequest, type CartEventAnswer, type CartEventRequest } from '@nerveline/contracts';
import type { Principal } from '@nerveline/kernel';
import { CurrentPrincipal, Describe, Scope } from '@nerveline/service-defaults';
import { TakeCartEvent } from '../../application/take-cart-event';
import { contextOf } from './request-hash';

@Controller('v1/carts')
@Scope('stock:reserve')
export class CartsController {
  constructor(@Inject(TakeCartEvent) private readonly takeCartEvent: TakeCartEvent) {}

  @Post('events')
  @HttpCode(200)
  @Describe({ summary: 'A cart was filled, changed or left; nothing is held for it.', answer: cartEventAnswer })
  take(
    @Body({ schema: cartEventRequest }) body: CartEventRequest,
    @CurrentPrincipal() by: Principal,
  ): Promise<CartEventAnswer> {
    return this.takeCartEvent.take(body, contextOf(by, 'cart', body));
  }
}
