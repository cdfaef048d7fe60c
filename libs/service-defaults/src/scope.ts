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

/** The right that a route, socket event or whole controller demands. */
export const Scope = (scope: ScopeName) => SetMetadata(SCOPE_METADATA, scope);

/** Says that a route needs no token: health, metrics, the page itself. */
export const Public = () => SetMetadata(SCOPE_METADATA, PUBLIC);

/** What the guard leaves behind: on the HTTP request, or in `socket.data`. */
interface WithPrincipal {
  principal?: Principal;
}

interface HttpRequest extends WithPrincipal {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

interface Socket {
  readonly data: WithPrincipal;
}

/** The principal of the request or socket, as the guard found it. */
export const CurrentPrincipal = createParamDecorator((_data: unknown, context: ExecutionContext): Principal => {
  const holder =
    context.getType() === 'ws'
      ? context.switchToWs().getClient<Socket>().data
      : context.switchToHttp().getRequest<HttpRequest>();
  if (holder.principal === undefined) throw new NervelineError('NL-API-004', { detail: 'nobody is signed in' });
  return holder.principal;
});

/** The one guard: every route and socket event passes here, and what declares no scope is refused. */
@Injectable()
export class ScopeGuard implements CanActivate {
  constructor(
    @Inject(Reflector) private readonly reflector: Reflector,
    @Inject(TokenVerifier) private readonly tokens: TokenVerifier,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const scope = this.reflector.getAllAndOverride<ScopeName | typeof PUBLIC | undefined>(SCOPE_METADATA, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (scope === PUBLIC) return true;
    if (scope === undefined)
      throw new NervelineError('NL-API-010', { detail: `${context.getClass().name}.${context.getHandler().name}` });
    requireScope(await this.#principalOf(context), scope);
    return true;
  }

  async #principalOf(context: ExecutionContext): Promise<Principal | undefined> {
    if (context.getType() === 'ws') return context.switchToWs().getClient<Socket>().data.principal;
    const request = context.switchToHttp().getRequest<HttpRequest>();
    const { authorization } = request.headers;
    if (typeof authorization !== 'string' || !authorization.startsWith('Bearer ')) return undefined;
    request.principal = await this.tokens.verify(authorization.slice('Bearer '.length));
    return request.principal;
  }
}

/** @throws NervelineError `NL-API-004` without a principal, `NL-API-005` without the scope */
export function requireScope(principal: Principal | undefined, scope: ScopeName): asserts principal is Principal {
  if (principal === undefined) throw new NervelineError('NL-API-004', { detail: 'a bearer token is needed' });
  if (!principal.scopes.includes(scope)) {
    throw new NervelineError('NL-API-005', { detail: `this needs the scope ${scope}` });
  }
}
