import { readFile } from 'node:fs/promises';
import { Controller, Get, Header, Inject, Req } from '@nestjs/common';
import { principal } from '@nerveline/contracts';
import { NervelineError, type Principal } from '@nerveline/kernel';
import { Describe, isLoopback, Public, TokenVerifier } from '@nerveline/service-defaults';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { mayOpenAsOperator } from '../../domain/operator-access';
import type { LiveGatewaySettings } from '../../live-gateway.config';
import { GATEWAY_SETTINGS } from '../tokens';

const BEARER = 'Bearer ';
const FORWARDING_HEADERS = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via'];

const sessionAnswer = z.object({ token: z.string(), principal });

interface Session {
  readonly token: string;
  readonly principal: Principal;
}

/** Who is it that opens the page? */
@Controller('v1/session')
export class SessionController {
  constructor(
    @Inject(TokenVerifier) private readonly tokens: TokenVerifier,
    @Inject(GATEWAY_SETTINGS) private readonly settings: LiveGatewaySettings,
  ) {}

  @Get()
  @Public()
  @Header('cache-control', 'no-store')
  @Describe({
    summary: 'The principal of a token; without one, the operator of a demo on this machine.',
    answer: sessionAnswer,
  })
  async open(@Req() request: FastifyRequest): Promise<Session> {
    const { authorization } = request.headers;
    const token = authorization?.startsWith(BEARER)
      ? authorization.slice(BEARER.length)
      : await this.#operatorToken(request);
    return { token, principal: await this.tokens.verify(token) };
  }

  async #operatorToken(request: FastifyRequest): Promise<string> {
    const { headers, ip } = request;
    const { HOST, NERVELINE_OPERATOR_TOKEN_FILE: file } = this.settings;
    const site = headers['sec-fetch-site'];
    const allowed = mayOpenAsOperator({
      remote_address: ip,
      host: headers.host,
      origin: headers.origin,
      sec_fetch_site: typeof site === 'string' ? site : undefined,
      forwarded: FORWARDING_HEADERS.some((name) => headers[name] !== undefined),
    });
    if (file === undefined || !isLoopback(HOST) || !allowed) {
      throw new NervelineError('NL-API-004', { detail: 'sign in with a token: nerveline token --scope ...' });
    }
    try {
      // Read each time: the host makes a fresh one at each of its starts.
      return (await readFile(file, 'utf8')).trim();
    } catch (cause) {
      throw new NervelineError('NL-API-004', { detail: 'there is no operator token on this machine', cause });
    }
  }
}
