import {
  createParamDecorator,
  Inject,
  Injectable,
  SetMetadata,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { NervelineError, type Principal, type Scope as ScopeName } from '@nerveline/kernel';
import { TokenVerifier } from './tokens';

export const SCOPE_METADATA = 'nerveline:scope';
export const PUBLIC = 'public';
export const SIGNED_IN = 'signed_in';
/** What a route, message pattern or socket event demands. */
export type Demand = ScopeName | typeof PUBLIC | typeof SIGNED_IN;

/** The right that a route, socket event or whole controller demands. */
export const Scope = (scope: ScopeName) => SetMetadata(SCOPE_METADATA, scope);

/** Says that a route needs no token: health, metrics, the page itself. */
export const Public = () => SetMetadata(SCOPE_METADATA, PUBLIC);

/**
 * Says that a route needs a token that is good, whatever its scopes: what it leads to is guarded by scopes of its own, as
 * the message patterns behind `/v1/requests` are.
 */
export const SignedIn = () => SetMetadata(SCOPE_METADATA, SIGNED_IN);

/** What the guard leaves behind: on the HTTP request, or in `socket.data`; and what a message's context has. */
interface WithPrincipal {
  principal?: Principal;
}

interface HttpRequest extends WithPrincipal {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

interface Socket {
  readonly data: WithPrincipal;
}

/** The principal of the request, message or socket, as the guard found it. */
export const CurrentPrincipal = createParamDecorator((_data: unknown, context: ExecutionContext): Principal => {
  const { principal } = holderOf(context);
  if (principal === undefined) throw new NervelineError('NL-API-004', { detail: 'nobody is signed in' });
  return principal;
});

function holderOf(context: ExecutionContext): WithPrincipal {
  switch (context.getType()) {
    case 'ws':
      return context.switchToWs().getClient<Socket>().data;
    case 'rpc':
      return context.switchToRpc().getContext<WithPrincipal>();
    default:
      return context.switchToHttp().getRequest<HttpRequest>();
  }
}

/** The one guard: every route, message and socket event passes here, and what declares no scope is refused. */
@Injectable()
export class ScopeGuard implements CanActivate {
  constructor(
    @Inject(Reflector) private readonly reflector: Reflector,
    @Inject(TokenVerifier) private readonly tokens: TokenVerifier,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const scope = this.reflector.getAllAndOverride<Demand | undefined>(SCOPE_METADATA, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (scope === PUBLIC) return true;
    if (scope === undefined)
      throw new NervelineError('NL-API-010', { detail: `${context.getClass().name}.${context.getHandler().name}` });
    const principal = await this.#principalOf(context);
    if (scope === SIGNED_IN) requireSomebody(principal);
    else requireScope(principal, scope);
    return true;
  }

  async #principalOf(context: ExecutionContext): Promise<Principal | undefined> {
    // Who opened the socket or sent the message was checked at its door.
    if (context.getType() !== 'http') return holderOf(context).principal;
    const request = context.switchToHttp().getRequest<HttpRequest>();
    const { authorization } = request.headers;
    if (typeof authorization !== 'string' || !authorization.startsWith('Bearer ')) return undefined;
    request.principal = await this.tokens.verify(authorization.slice('Bearer '.length));
    return request.principal;
  }
}

/** @throws NervelineError `NL-API-004` without a principal, `NL-API-005` without the scope */
export function requireScope(principal: Principal | undefined, scope: ScopeName): asserts principal is Principal {
  requireSomebody(principal);
  if (!principal.scopes.includes(scope)) {
    throw new NervelineError('NL-API-005', { detail: `this needs the scope ${scope}` });
  }
}

function requireSomebody(principal: Principal | undefined): asserts principal is Principal {
  if (principal === undefined) throw new NervelineError('NL-API-004', { detail: 'a bearer token is needed' });
}
