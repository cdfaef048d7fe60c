import {
  Body,
  Controller,
  Headers,
  HttpCode,
  Inject,
  Param,
  Post,
  type InjectionToken,
  type Type,
} from '@nestjs/common';
import type { Principal } from '@nerveline/kernel';
import type { LogTransport } from './log-transport';
import { DEADLINE_HEADER, GENERATION_HEADER, REQUEST_PATH } from './request-pattern';

export interface RequestRoutes {
  /** Injection token of the {@link LogTransport} whose handlers answer. */
  readonly transport: InjectionToken;
  /**
   * Who may ask at all: `SignedIn()`, where each handler has a guard and a scope of its own; `Scope('…')`, `UseGuards(…)`.
   * Nothing is open unless somebody says so.
   */
  readonly may: MethodDecorator;
  /** Gives keys and handlers who asks: `CurrentPrincipal()`. */
  readonly principal: ParameterDecorator;
}

/** A request without a word about its deadline is answered within this. */
const DEFAULT_DEADLINE_MS = 5_000;
const LONGEST_DEADLINE_MS = 60_000;

/** The way in for `LogClient.send`: a controller for the service's own HTTP application. */
export function requestsController({ transport, may, principal }: RequestRoutes): Type {
  @Controller(REQUEST_PATH)
  class RequestsController {
    constructor(@Inject(transport) private readonly transport: LogTransport) {}

    @Post(':name')
    @HttpCode(200)
    @may
    async answer(
      @Param('name') name: string,
      @Body() body: { readonly data?: unknown } | undefined,
      @Headers() headers: Readonly<Record<string, string>>,
      @principal by: Principal,
    ): Promise<{ answer: unknown }> {
      const asked_ms = Number(headers[DEADLINE_HEADER] ?? DEFAULT_DEADLINE_MS);
      const wait_ms = Math.min(
        LONGEST_DEADLINE_MS,
        Number.isFinite(asked_ms) ? Math.max(1, asked_ms) : DEFAULT_DEADLINE_MS,
      );
      const answer = await this.transport.answer(name, body?.data, {
        headers,
        principal: by,
        generation: Number(headers[GENERATION_HEADER]),
        deadline_ms: Date.now() + wait_ms,
        signal: AbortSignal.timeout(wait_ms),
      });
      return { answer };
    }
  }
  return RequestsController;
}
