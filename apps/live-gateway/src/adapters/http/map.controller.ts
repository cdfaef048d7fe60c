import { Controller, Get, Inject, Req, Res } from '@nestjs/common';
import { NervelineError, tenantKey, type Principal } from '@nerveline/kernel';
import { CurrentPrincipal, Describe, Scope } from '@nerveline/service-defaults';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { request as ask } from 'undici';
import { ServiceAddresses } from '../services/service-addresses';

const ANSWER_DEADLINE_MS = 30_000;
/** What travels on to the owner, and what comes back. The body is passed on as it is, compressed or not. */
const REQUEST_HEADERS = ['authorization', 'accept', 'accept-encoding', 'if-none-match', 'if-modified-since'];
const ANSWER_HEADERS = ['content-type', 'content-encoding', 'content-length', 'etag', 'last-modified', 'retry-after'];
/** Roads don't change while the router runs, so a page asks each time but gets them once. */
const CACHE_MAP = 'private, no-cache';
const CACHE_SPEEDS = 'private, max-age=1';

/** The router's own road graph, for the map that the pages draw. */
@Controller('v1/map')
@Scope('fleet:read')
export class MapController {
  constructor(@Inject(ServiceAddresses) private readonly addresses: ServiceAddresses) {}

  @Get()
  @Describe({ summary: "The router's road graph." })
  map(@Req() request: FastifyRequest, @Res() reply: FastifyReply, @CurrentPrincipal() principal: Principal) {
    return this.#pass({ request, reply, principal, cache_control: CACHE_MAP });
  }

  @Get('speeds')
  @Describe({ summary: 'Where traffic is slower than free, and how much.' })
  speeds(@Req() request: FastifyRequest, @Res() reply: FastifyReply, @CurrentPrincipal() principal: Principal) {
    return this.#pass({ request, reply, principal, cache_control: CACHE_SPEEDS });
  }

  async #pass(passage: { request: FastifyRequest; reply: FastifyReply; principal: Principal; cache_control: string }) {
    const { request, reply, principal, cache_control } = passage;
    const address = await this.addresses.of('gps-rerouting', tenantKey(principal.tenant_id));
    const answer = await askOwner(`${address}${request.url}`, request);
    for (const name of ANSWER_HEADERS) {
      const value = answer.headers[name];
      if (value !== undefined) void reply.header(name, value);
    }
    const fresh = answer.statusCode === 200 || answer.statusCode === 304;
    void reply.header('cache-control', fresh ? (answer.headers['cache-control'] ?? cache_control) : 'no-store');
    void reply.header('vary', 'authorization, accept-encoding');
    return reply.status(answer.statusCode).send(answer.body);
  }
}

async function askOwner(url: string, request: FastifyRequest) {
  const headers: Record<string, string> = {};
  for (const name of REQUEST_HEADERS) {
    const value = request.headers[name];
    if (typeof value === 'string') headers[name] = value;
  }
  try {
    return await ask(url, { headers, headersTimeout: ANSWER_DEADLINE_MS, bodyTimeout: ANSWER_DEADLINE_MS });
  } catch (cause) {
    throw new NervelineError('NL-API-011', { detail: 'gps-rerouting does not answer', cause });
  }
}
